#include "ns/nested/allocation.h"

#include <algorithm>
#include <array>
#include <functional>

#include "ns/base/error.h"
#include "ns/base/nearest.h"
#include "ns/nested/assign_levels.h"
#include "ns/nested/block_budget.h"
#include "ns/nested/magnitude.h"

namespace ns::nested {
namespace {

const std::array<std::string, 3> kRoles{"first_conv", "depthwise", "classifier"};
const std::array<std::string, 5> kMethods{"uniform", "erk", "global", "cost", "flash"};

bool has_weights(const nn::Layer& layer) {
  return layer.op == nn::Op::kConv || layer.op == nn::Op::kDepthwiseConv || layer.op == nn::Op::kLinear;
}

std::vector<std::string> layers_of_role(const nn::Graph& graph, const std::string& role) {
  std::vector<std::string> found;
  const auto keep = [&](nn::Op op) {
    for (const nn::Layer& layer : graph.layers) {
      if (layer.op == op) {
        found.push_back(layer.name);
      }
    }
  };
  if (role == "depthwise") {
    keep(nn::Op::kDepthwiseConv);
  } else if (role == "first_conv") {
    keep(nn::Op::kConv);
    found.resize(std::min<std::size_t>(found.size(), 1));
  } else {
    keep(nn::Op::kLinear);
    found.erase(found.begin(), found.end() - std::min<std::ptrdiff_t>(std::ssize(found), 1));
  }
  return found;
}

const Tensor& weight_of(const nn::Network& network, const std::string& name) {
  for (const nn::Parameter& parameter : network.parameters()) {
    if (parameter.name == name) {
      return parameter.value;
    }
  }
  throw internal_error("no parameter " + name);
}

LayerBlocks layer_blocks(const nn::Graph& graph, const std::string& layer, const BlockGrid& grid,
                         const std::vector<float>& scores, std::vector<double> sparsities) {
  check_finite(layer, scores);
  LayerBlocks blocks{layer, grid, {}, 0.0, 1.0, std::move(sparsities)};
  for (std::int64_t block = 0; block < grid.block_count(); ++block) {
    const double score = double{scores[static_cast<std::size_t>(block)]};
    blocks.energy += score * score * static_cast<double>(grid.weights_in(block));
    if (!grid.is_partial(block)) {
      blocks.scores.push_back(scores[static_cast<std::size_t>(block)]);
    }
  }
  std::sort(blocks.scores.begin(), blocks.scores.end(), std::greater<>());
  const ImageShape output = graph.infer_shapes()[static_cast<std::size_t>(graph.index_of(layer))];
  blocks.cost_per_weight = static_cast<double>(output.h) * output.w + kDecodePixels;
  return blocks;
}

}  // namespace

const DenseLayers& default_dense_layers() {
  static const DenseLayers roles(kRoles.begin(), kRoles.end());
  return roles;
}

Allocation uniform_allocation(const nn::Graph& graph, const DenseLayers& dense,
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
  for (const std::string& name : dense) {
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      allocation.erase(name);
    } else if (std::find(kRoles.begin(), kRoles.end(), name) != kRoles.end()) {
      for (const std::string& layer : layers_of_role(graph, name)) {
        allocation.erase(layer);
      }
    } else {
      names.insert(names.end(), kRoles.begin(), kRoles.end());
      throw usage_error("dense_layers: \"" + name + "\" is not a layer with weights of " + graph.name,
                        nearest_hint(name, names));
    }
  }
  if (allocation.empty()) {
    throw usage_error("dense_layers leaves no layer of " + graph.name + " to prune");
  }
  return allocation;
}

AllocationMethod allocation_from_name(const std::string& name) {
  const auto found = std::find(kMethods.begin(), kMethods.end(), name);
  if (found == kMethods.end()) {
    throw usage_error("allocation \"" + name + "\": expected uniform, erk, global, cost or flash",
                      nearest_hint(name, kMethods));
  }
  return static_cast<AllocationMethod>(found - kMethods.begin());
}

std::vector<std::string> allocation_names() {
  return {kMethods.begin(), kMethods.end()};
}

std::string to_string(AllocationMethod method) {
  return kMethods[static_cast<std::size_t>(method)];
}

bool has_budget(AllocationMethod method) {
  return method == AllocationMethod::kCost || method == AllocationMethod::kFlash;
}

LevelMaps magnitude_levels(const nn::Network& network, const Allocation& allocation, int block_width,
                           double fraction, const AllocationOptions& options) {
  LevelMaps maps;
  std::vector<LayerBlocks> layers;
  std::vector<std::vector<float>> scores;
  for (const auto& [layer, final_sparsities] : allocation) {
    std::vector<double> sparsities = final_sparsities;
    for (double& sparsity : sparsities) {
      sparsity *= fraction;
    }
    const std::string name = layer + ".weight";
    const Tensor& weight = weight_of(network, name);
    const BlockGrid grid(weight.shape(), block_width);
    std::vector<float> own = magnitude_scores(weight, grid);
    if (options.method == AllocationMethod::kUniform) {
      maps.emplace(name, assign_levels(layer, grid, own, sparsities));
    } else {
      layers.push_back(layer_blocks(network.graph(), layer, grid, own, std::move(sparsities)));
      scores.push_back(std::move(own));
    }
  }
  if (!layers.empty()) {
    const auto kept = share_blocks(layers, options, fraction);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      maps.emplace(layers[i].layer + ".weight", assign_kept_blocks(layers[i].grid, scores[i], kept[i]));
    }
  }
  return maps;
}

}  // namespace ns::nested
