#include "ns/nn/shape_inference.h"

#include <algorithm>

#include "ns/base/error.h"
#include "ns/base/nearest.h"

namespace ns::nn {
namespace {

std::string text(const ImageShape& shape) {
  return std::to_string(shape.h) + "x" + std::to_string(shape.w) + "x" + std::to_string(shape.c);
}

std::string quoted(const Layer& layer) {
  return "layer '" + layer.name + "'";
}

/// Of an extent or a kernel: that of the packed model, and far from where integers overflow.
constexpr int kMaxExtent = 65535;

bool fits(const ImageShape& shape) {
  return shape.h <= kMaxExtent && shape.w <= kMaxExtent && shape.c <= kMaxExtent;
}

/// Extent of a sliding window's output; 0 if the window does not fit once.
int windows(int extent, int before, int after, int kernel, int stride) {
  const int room = extent + before + after - kernel;
  return room < 0 ? 0 : room / stride + 1;
}

}  // namespace

ShapeInference::ShapeInference(const Graph& graph) : graph_(graph) {
  require(!graph.layers.empty(), "has no layers");
  require(graph.input.h > 0 && graph.input.w > 0 && graph.input.c > 0,
          "the input " + text(graph.input) + " is empty");
  require(fits(graph.input), "the input " + text(graph.input) + " is too large");
}

void ShapeInference::require(bool condition, const std::string& message, const std::string& hint) const {
  if (!condition) {
    throw input_error("graph '" + graph_.name + "': " + message, hint);
  }
}

int ShapeInference::added(const Layer& layer, const std::string& name) const {
  if (name == "input") {
    return -1;
  }
  const auto found = index_.find(name);
  if (found != index_.end()) {
    return found->second;
  }
  for (const Layer& other : graph_.layers) {
    require(other.name != name, quoted(layer) + " reads '" + name + "', which does not come before it");
  }
  throw input_error(
      "graph '" + graph_.name + "': " + quoted(layer) + " reads '" + name + "', and no layer is called so",
      nearest_hint(name, names_));
}

ImageShape ShapeInference::input_shape(const Layer& layer, std::size_t k) const {
  const int index = added(layer, layer.inputs[k]);
  return index < 0 ? graph_.input : shapes_[static_cast<std::size_t>(index)];
}

void ShapeInference::add(const Layer& layer) {
  require(!layer.name.empty(), "layer number " + std::to_string(shapes_.size()) + " has no name");
  require(layer.name.find('@') == std::string::npos,
          quoted(layer) + ": '@' in a name stands for batch-norm banks");
  require(layer.name != "input" && !index_.contains(layer.name),
          "two layers are called '" + layer.name + "'");
  const std::size_t wanted = layer.op == Op::kAdd || layer.op == Op::kScale ? 2 : 1;
  if (layer.op == Op::kConcat) {
    require(layer.inputs.size() >= 2,
            quoted(layer) + " needs two or more inputs, found " + std::to_string(layer.inputs.size()));
  } else {
    require(layer.inputs.size() == wanted, quoted(layer) + " needs " + std::to_string(wanted) +
                                               (wanted == 1 ? " input" : " inputs") + ", found " +
                                               std::to_string(layer.inputs.size()));
  }
  shapes_.push_back(shape_of(layer));
  require(fits(shapes_.back()), quoted(layer) + ": its output " + text(shapes_.back()) + " is too large");
  for (const std::string& name : layer.inputs) {
    if (const int index = added(layer, name); index >= 0) {
      ++readers_[static_cast<std::size_t>(index)];
    }
  }
  readers_.push_back(0);
  index_[layer.name] = static_cast<int>(names_.size());
  names_.push_back(layer.name);
}

void ShapeInference::finish() const {
  std::vector<bool> is_output(names_.size(), false);
  is_output.back() = graph_.outputs.empty();
  for (const std::string& output : graph_.outputs) {
    const auto found = index_.find(output);
    if (found == index_.end()) {
      throw input_error(
          "graph '" + graph_.name + "': \"outputs\" lists '" + output + "', and no layer is called so",
          nearest_hint(output, names_));
    }
    const auto index = static_cast<std::size_t>(found->second);
    require(!is_output[index], "\"outputs\" lists '" + output + "' twice");
    is_output[index] = true;
  }
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    require(readers_[i] > 0 || is_output[i],
            "nobody reads layer '" + names_[i] +
                (graph_.outputs.empty() ? "', and it is not the last ('" + names_.back() + "')"
                                        : "', and \"outputs\" does not list it"));
  }
  if (graph_.detection.present()) {
    check_detection_head(graph_, shapes_);
  }
}

ImageShape ShapeInference::shape_of(const Layer& layer) const {
  const ImageShape in = input_shape(layer, 0);
  switch (layer.op) {
    case Op::kBatchNorm:
    case Op::kRelu:
      return in;
    case Op::kSign:
      require(layer.bits >= 1 && layer.bits <= kMaxSignBits,
              quoted(layer) + ": expected 1 to " + std::to_string(kMaxSignBits) + " bits, found " +
                  std::to_string(layer.bits));
      return in;
    case Op::kConcat:
      return concatenated(layer);
    case Op::kGlobalAvgPool:
      return {1, 1, in.c};
    case Op::kLinear:
      require(layer.filters > 0, quoted(layer) + " needs at least one unit");
      return {1, 1, layer.filters};
    case Op::kAdd: {
      const ImageShape other = input_shape(layer, 1);
      require(in == other, quoted(layer) + " cannot add '" + layer.inputs[0] + "' (" + text(in) + ") and '" +
                               layer.inputs[1] + "' (" + text(other) + ")");
      return in;
    }
    case Op::kScale: {
      const ImageShape factors = input_shape(layer, 1);
      require(factors == ImageShape{1, 1, in.c},
              quoted(layer) + " needs a factor for each of the " + std::to_string(in.c) + " channels of '" +
                  layer.inputs[0] + "', found '" + layer.inputs[1] + "' (" + text(factors) + ")");
      require(std::all_of(layer.keep.begin(), layer.keep.end(), [](double k) { return k > 0 && k <= 1; }),
              quoted(layer) + ": \"keep\" lists shares above 0 and up to 1");
      require(layer.penalty >= 0, quoted(layer) + ": \"penalty\" must not be negative");
      return in;
    }
    case Op::kConv:
      require(layer.filters > 0, quoted(layer) + " needs at least one filter");
      return window_shape(layer, in, layer.filters);
    case Op::kBinaryConv:
      require(layer.filters > 0, quoted(layer) + " needs at least one filter");
      check_binary_input(layer, in);
      return window_shape(layer, in, layer.filters);
    case Op::kDepthwiseConv:
    case Op::kMaxPool:
    case Op::kAvgPool:
      return window_shape(layer, in, in.c);
  }
  throw internal_error("unknown operator");
}

ImageShape ShapeInference::concatenated(const Layer& layer) const {
  const ImageShape first = input_shape(layer, 0);
  std::int64_t channels = 0;
  for (std::size_t k = 0; k < layer.inputs.size(); ++k) {
    const ImageShape in = input_shape(layer, k);
    require(in.h == first.h && in.w == first.w, quoted(layer) + " cannot join '" + layer.inputs[0] + "' (" +
                                                    text(first) + ") and '" + layer.inputs[k] + "' (" +
                                                    text(in) + ")");
    channels += in.c;
  }
  require(channels <= kMaxExtent, quoted(layer) + ": its output has too many channels");
  return {first.h, first.w, static_cast<int>(channels)};
}

void ShapeInference::check_binary_input(const Layer& layer, const ImageShape& in) const {
  const Layer* source = nullptr;
  for (int index = added(layer, layer.inputs[0]); index >= 0; index = added(*source, source->inputs[0])) {
    source = &graph_.layers[static_cast<std::size_t>(index)];
    if (source->op != Op::kMaxPool) {
      break;
    }
  }
  require(
      source != nullptr && source->op == Op::kSign,
      quoted(layer) + " cannot be binary: it reads '" + layer.inputs[0] + "', not the output of a sign layer",
      "put a \"sign\" layer (and at most a max_pool after it) before it");
  require(in.c >= 2, quoted(layer) +
                         " cannot be binary: its input has one channel, and weights centred over one " +
                         "input channel vanish");
}

ImageShape ShapeInference::window_shape(const Layer& layer, const ImageShape& in, int channels) const {
  const Padding& pad = layer.padding;
  const auto [kh, kw] = layer.kernel;
  require(kh > 0 && kw > 0 && layer.stride[0] > 0 && layer.stride[1] > 0,
          quoted(layer) + ": kernel and stride must be positive");
  require(kh <= kMaxExtent && kw <= kMaxExtent, quoted(layer) + ": its kernel is too large");
  require(pad.top >= 0 && pad.left >= 0 && pad.bottom >= 0 && pad.right >= 0,
          quoted(layer) + ": padding must not be negative");
  // More padding than this would only compute outputs that see no pixel at all.
  require(pad.top < kh && pad.bottom < kh && pad.left < kw && pad.right < kw,
          quoted(layer) + ": padding must be smaller than the kernel");
  const ImageShape out{windows(in.h, pad.top, pad.bottom, kh, layer.stride[0]),
                       windows(in.w, pad.left, pad.right, kw, layer.stride[1]), channels};
  require(out.h > 0 && out.w > 0, quoted(layer) + " has a " + std::to_string(kh) + "x" + std::to_string(kw) +
                                      " kernel, which does not fit the padded " + text(in) + " output of '" +
                                      layer.inputs[0] + "'");
  return out;
}

}  // namespace ns::nn
