#include "ns/nn/graph.h"

#include <unordered_map>

#include "ns/base/error.h"
#include "ns/base/nearest.h"

namespace ns::nn {
namespace {

std::string text(const ImageShape& shape) {
  return std::to_string(shape.h) + "x" + std::to_string(shape.w) + "x" + std::to_string(shape.c);
}

/// Extent of a sliding window's output; 0 or less if the window does not fit once.
int windows(int extent, int before, int after, int kernel, int stride) {
  const int room = extent + before + after - kernel;
  return room < 0 ? 0 : room / stride + 1;
}

class ShapeInference {
 public:
  explicit ShapeInference(const Graph& graph) : graph_(graph) {}

  std::vector<ImageShape> run() {
    require(!graph_.layers.empty(), "has no layers");
    require(graph_.input.h > 0 && graph_.input.w > 0 && graph_.input.c > 0,
            "has the empty input " + text(graph_.input));
    readers_.assign(graph_.layers.size(), 0);
    for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
      const Layer& layer = graph_.layers[i];
      require(!layer.name.empty(), "has a layer without a name (number " + std::to_string(i) + ")");
      require(layer.name != "input" && !index_.contains(layer.name),
              "has two layers called '" + layer.name + "'");
      shapes_.push_back(shape_of(layer));
      index_[layer.name] = static_cast<int>(i);
      names_.push_back(layer.name);
    }
    for (std::size_t i = 0; i + 1 < graph_.layers.size(); ++i) {
      require(readers_[i] > 0, "nobody reads the output of layer '" + graph_.layers[i].name +
                                   "', and it is not the last ('" + graph_.layers.back().name + "')");
    }
    return shapes_;
  }

 private:
  void require(bool condition, const std::string& message, const std::string& hint = {}) const {
    if (!condition) {
      throw input_error("graph '" + graph_.name + "': " + message, hint);
    }
  }

  const ImageShape& input_shape(const Layer& layer, const std::string& name) {
    if (name == "input") {
      return graph_.input;
    }
    const auto found = index_.find(name);
    if (found == index_.end()) {
      bool later = name == layer.name;
      for (const Layer& other : graph_.layers) {
        later = later || other.name == name;
      }
      require(!later, "layer '" + layer.name + "' reads '" + name + "', which does not come before it");
      require(false, "layer '" + layer.name + "' reads '" + name + "', and no layer is called so",
              nearest_hint(name, names_));
    }
    ++readers_[static_cast<std::size_t>(found->second)];
    return shapes_[static_cast<std::size_t>(found->second)];
  }

  ImageShape shape_of(const Layer& layer) {
    const std::size_t wanted = layer.op == Op::kAdd ? 2 : 1;
    require(layer.inputs.size() == wanted, "layer '" + layer.name + "' needs " + std::to_string(wanted) +
                                               " input(s), found " + std::to_string(layer.inputs.size()));
    const ImageShape in = input_shape(layer, layer.inputs[0]);
    switch (layer.op) {
      case Op::kBatchNorm:
      case Op::kRelu:
        return in;
      case Op::kGlobalAvgPool:
        return {1, 1, in.c};
      case Op::kLinear:
        require(layer.filters > 0, "layer '" + layer.name + "' needs at least one unit");
        return {1, 1, layer.filters};
      case Op::kAdd: {
        const ImageShape other = input_shape(layer, layer.inputs[1]);
        require(in == other, "layer '" + layer.name + "' cannot add '" + layer.inputs[0] + "' (" + text(in) +
                                 ") and '" + layer.inputs[1] + "' (" + text(other) + "): shapes differ");
        return in;
      }
      case Op::kConv:
        require(layer.filters > 0, "layer '" + layer.name + "' needs at least one filter");
        return window_shape(layer, in, layer.filters);
      case Op::kDepthwiseConv:
      case Op::kMaxPool:
      case Op::kAvgPool:
        return window_shape(layer, in, in.c);
    }
    throw internal_error("unknown operator");
  }

  ImageShape window_shape(const Layer& layer, const ImageShape& in, int channels) const {
    const Padding& pad = layer.padding;
    const auto [kh, kw] = layer.kernel;
    require(kh > 0 && kw > 0 && layer.stride[0] > 0 && layer.stride[1] > 0,
            "layer '" + layer.name + "': kernel and stride must be positive");
    require(pad.top >= 0 && pad.left >= 0 && pad.bottom >= 0 && pad.right >= 0,
            "layer '" + layer.name + "': padding must not be negative");
    if (layer.op == Op::kMaxPool || layer.op == Op::kAvgPool) {
      require(pad.top < kh && pad.bottom < kh && pad.left < kw && pad.right < kw,
              "layer '" + layer.name + "': padding must be smaller than the pool's kernel");
    }
    const ImageShape out{windows(in.h, pad.top, pad.bottom, kh, layer.stride[0]),
                         windows(in.w, pad.left, pad.right, kw, layer.stride[1]), channels};
    require(out.h > 0 && out.w > 0, "layer '" + layer.name + "' has a " + std::to_string(kh) + "x" +
                                        std::to_string(kw) + " kernel, which does not fit the padded " +
                                        text(in) + " output of '" + layer.inputs[0] + "'");
    return out;
  }

  const Graph& graph_;
  std::vector<ImageShape> shapes_;
  std::vector<int> readers_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, int> index_;
};

}  // namespace

std::vector<ImageShape> Graph::infer_shapes() const {
  return ShapeInference(*this).run();
}

int Graph::index_of(const std::string& layer) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].name == layer) {
      return static_cast<int>(i);
    }
    names.push_back(layers[i].name);
  }
  if (layer == "input") {
    return -1;
  }
  throw input_error("graph '" + name + "': no layer is called '" + layer + "'", nearest_hint(layer, names));
}

std::int64_t Graph::macs(std::size_t layer) const {
  const Layer& of = layers.at(layer);
  if (of.op != Op::kConv && of.op != Op::kDepthwiseConv && of.op != Op::kLinear) {
    return 0;
  }
  const std::vector<ImageShape> shapes = infer_shapes();
  const int source = index_of(of.inputs[0]);
  const ImageShape& in = source < 0 ? input : shapes[static_cast<std::size_t>(source)];
  const ImageShape& out = shapes[layer];
  const std::int64_t outputs = std::int64_t{out.h} * out.w * out.c;
  if (of.op == Op::kLinear) {
    return outputs * in.h * in.w * in.c;
  }
  return outputs * of.kernel[0] * of.kernel[1] * (of.op == Op::kConv ? in.c : 1);
}

}  // namespace ns::nn
