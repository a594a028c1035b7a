#include "ns/binary/cost.h"

namespace ns::binary {

std::vector<LayerCost> layer_costs(const nn::Graph& graph) {
  using nn::Op;
  const std::vector<nn::ImageShape> shapes = graph.infer_shapes();
  std::vector<LayerCost> costs;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const nn::Layer& layer = graph.layers[i];
    const int source = graph.index_of(layer.inputs[0]);
    const nn::ImageShape& in = source < 0 ? graph.input : shapes[static_cast<std::size_t>(source)];
    const std::int64_t taps = std::int64_t{layer.kernel[0]} * layer.kernel[1];
    LayerCost cost{.name = layer.name, .macs = graph.macs(i)};
    switch (layer.op) {
      case Op::kConv:
      case Op::kBinaryConv:
        cost.binary = layer.op == Op::kBinaryConv;
        cost.weights = std::int64_t{layer.filters} * in.c * taps;
        cost.words = (cost.binary ? layer.scaling : layer.bias) ? layer.filters : 0;
        break;
      case Op::kDepthwiseConv:
        cost.weights = in.c * taps;
        cost.words = layer.bias ? in.c : 0;
        break;
      case Op::kLinear:
        cost.weights = std::int64_t{layer.filters} * in.size();
        cost.words = layer.bias ? layer.filters : 0;
        break;
      case Op::kBatchNorm:
        cost.words = 2 * std::int64_t{in.c};
        break;
      case Op::kSign:
        cost.words = layer.shift ? in.c : 0;
        break;
      default:
        break;
    }
    if (cost.weights + cost.words > 0) {
      costs.push_back(cost);
    }
  }
  return costs;
}

TotalCost total(const std::vector<LayerCost>& layers) {
  TotalCost sum;
  for (const LayerCost& layer : layers) {
    (layer.binary ? sum.binary_bytes : sum.int8_bytes) += layer.weight_bytes(true);
    (layer.binary ? sum.binary_macs : sum.real_macs) += layer.macs;
    sum.word_bytes += 4 * layer.words;
  }
  return sum;
}

}  // namespace ns::binary
