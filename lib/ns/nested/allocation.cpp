#include "ns/nested/allocation.h"

#include <algorithm>

#include "ns/base/error.h"
#include "ns/base/nearest.h"
#include "ns/nested/assign_levels.h"
#include "ns/nested/magnitude.h"

namespace ns::nested {
namespace {

bool has_weights(const nn::Layer& layer) {
  return layer.op == nn::Op::kConv || layer.op == nn::Op::kDepthwiseConv || layer.op == nn::Op::kLinear;
}

const Tensor& weight_of(const nn::Network& network, const std::string& name) {
  for (const nn::Parameter& parameter : network.parameters()) {
    if (parameter.name == name) {
      return parameter.value;
    }
  }
  throw internal_error("no parameter " + name);
}

}  // namespace

std::vector<std::string> default_dense_layers(const nn::Graph& graph) {
  std::vector<std::string> dense;
  bool first = true;
  for (const nn::Layer& layer : graph.layers) {
    if (layer.op == nn::Op::kDepthwiseConv || (layer.op == nn::Op::kConv && first)) {
      dense.push_back(layer.name);
    }
    first = first && layer.op != nn::Op::kConv;
  }
  const auto classifier = std::find_if(graph.layers.rbegin(), graph.layers.rend(),
                                       [](const nn::Layer& layer) { return layer.op == nn::Op::kLinear; });
  if (classifier != graph.layers.rend()) {
    dense.push_back(classifier->name);
  }
  return dense;
}

Allocation uniform_allocation(const nn::Graph& graph, const std::vector<std::string>& dense_layers,
                              std::span<const double> sparsities) {
  check_sparsities(sparsities);
  std::vector<std::string> names;
  Allocation allocation;
  for (const nn::Layer& layer : graph.layers) {
    if (has_weights(layer)) {
      names.push_back(layer.name);
      allocation[layer.name].assign(sparsities.begin(), sparsities.end());
    }
  }
  for (const std::string& dense : dense_layers) {
    if (std::find(names.begin(), names.end(), dense) == names.end()) {
      throw usage_error("dense_layers: \"" + dense + "\" is not a layer with weights of " + graph.name,
                        nearest_hint(dense, names));
    }
    allocation.erase(dense);
  }
  if (allocation.empty()) {
    throw usage_error("dense_layers leaves no layer of " + graph.name + " to prune");
  }
  return allocation;
}

LevelMaps magnitude_levels(const nn::Network& network, const Allocation& allocation, int block_width,
                           double fraction) {
  LevelMaps maps;
  for (const auto& [layer, final_sparsities] : allocation) {
    std::vector<double> sparsities = final_sparsities;
    for (double& sparsity : sparsities) {
      sparsity *= fraction;
    }
    const std::string name = layer + ".weight";
    const Tensor& weight = weight_of(network, name);
    const BlockGrid grid(weight.shape(), block_width);
    maps.emplace(name, assign_levels(layer, grid, magnitude_scores(weight, grid), sparsities));
  }
  return maps;
}

}  // namespace ns::nested
