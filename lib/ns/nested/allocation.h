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

/// Names of layers or of roles: "first_conv", "depthwise" (every such layer), "classifier" (the last linear
/// layer). A layer of that name goes before the role.
using DenseLayers = std::vector<std::string>;

/// What stays dense unless a recipe says otherwise: all three roles.
const DenseLayers& default_dense_layers();

/// The same sparsities for every convolution, depthwise and linear layer outside `dense`. Throws
/// Error(kUsage) for impossible sparsities, a name that is neither a role nor a layer with weights (naming
/// the nearest), or when no layer is left to prune.
Allocation uniform_allocation(const nn::Graph& graph, const DenseLayers& dense,
                              std::span<const double> sparsities);

/// Level maps by magnitude of the network's present weights (masks do not matter) at `fraction` (0…1) of the
/// allocated sparsities. Throws as assign_levels does.
LevelMaps magnitude_levels(const nn::Network& network, const Allocation& allocation, int block_width,
                           double fraction);

}  // namespace ns::nested
