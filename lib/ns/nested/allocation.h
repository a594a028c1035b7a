// Which layers are pruned, and how sparse each becomes.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "ns/nested/level_map.h"
#include "ns/nn/network.h"

namespace ns::nested {

/// Target sparsities of every pruned layer, by layer name; increasing, as in the recipe.
using Allocation = std::map<std::string, std::vector<double>>;

/// The layers that stay dense unless a recipe lists others: the first convolution, every depthwise one and
/// the last linear layer (the classifier).
std::vector<std::string> default_dense_layers(const nn::Graph& graph);

/// The same sparsities for every convolution, depthwise and linear layer outside `dense_layers`. Throws
/// Error(kUsage) for impossible sparsities, a name that is no layer with weights (naming the nearest), or
/// when no layer is left to prune.
Allocation uniform_allocation(const nn::Graph& graph, const std::vector<std::string>& dense_layers,
                              std::span<const double> sparsities);

/// Level maps by magnitude of the network's present weights (masks do not matter) at `fraction` (0…1) of the
/// allocated sparsities. Throws as assign_levels does.
LevelMaps magnitude_levels(const nn::Network& network, const Allocation& allocation, int block_width,
                           double fraction);

}  // namespace ns::nested
