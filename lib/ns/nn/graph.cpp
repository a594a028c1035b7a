#include "ns/nn/graph.h"

#include <algorithm>
#include <cmath>

#include "ns/base/error.h"
#include "ns/base/nearest.h"
#include "ns/nn/shape_inference.h"

namespace ns::nn {

int kept_channels(double share, int channels) {
  return std::max(1, static_cast<int>(std::lround(share * channels)));
}

Shape weight_shape(const Layer& layer, const ImageShape& in) {
  switch (layer.op) {
    case Op::kConv:
    case Op::kBinaryConv:
      return {layer.filters, in.c, layer.kernel[0], layer.kernel[1]};
    case Op::kDepthwiseConv:
      return {in.c, 1, layer.kernel[0], layer.kernel[1]};
    case Op::kLinear:
      return {layer.filters, std::int64_t{in.h} * in.w * in.c};
    default:
      return {};
  }
}

Shape Graph::weight_shape(std::size_t layer, const std::vector<ImageShape>& shapes) const {
  const int source = index_of(layers.at(layer).inputs[0]);
  return nn::weight_shape(layers[layer], source < 0 ? input : shapes[static_cast<std::size_t>(source)]);
}

std::vector<ImageShape> Graph::infer_shapes() const {
  ShapeInference inference(*this);
  for (const Layer& layer : layers) {
    inference.add(layer);
  }
  inference.finish();
  return inference.shapes();
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

std::vector<std::size_t> Graph::output_layers() const {
  if (outputs.empty()) {
    return {layers.size() - 1};
  }
  std::vector<std::size_t> indices;
  for (const std::string& output : outputs) {
    indices.push_back(static_cast<std::size_t>(index_of(output)));
  }
  return indices;
}

std::int64_t Graph::macs(std::size_t layer) const {
  const Layer& of = layers.at(layer);
  if (of.op != Op::kConv && of.op != Op::kDepthwiseConv && of.op != Op::kLinear && of.op != Op::kBinaryConv) {
    return 0;
  }
  const std::vector<ImageShape> shapes = infer_shapes();
  const int source = index_of(of.inputs[0]);
  const ImageShape& in = source < 0 ? input : shapes[static_cast<std::size_t>(source)];
  const ImageShape& out = shapes[layer];
  const std::int64_t values = std::int64_t{out.h} * out.w * out.c;
  if (of.op == Op::kLinear) {
    return values * in.h * in.w * in.c;
  }
  return values * of.kernel[0] * of.kernel[1] * (of.op == Op::kDepthwiseConv ? 1 : in.c);
}

}  // namespace ns::nn
