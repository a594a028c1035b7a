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

/// How the kept weights of a subnet are shared out among the layers. kErk, kGlobal and kFlash keep as many in
/// total as the sparsities ask for, kCost as many as cost what the uniform allocation does, all to half a
/// block; no layer gets less than one block and a fifth of its uniform share.
enum class AllocationMethod {
  kUniform,  ///< the same sparsity in every layer
  kErk,      ///< Erdős–Rényi kernel (arXiv 1911.11134): kept weights ∝ ci + co + kh + kw, at most all
  kGlobal,   ///< the blocks of highest magnitude anywhere, each relative to its layer's root mean square
  kCost,   ///< the largest product of the layers' kept shares of energy (squared weights) within a budget of
           ///< estimated instructions, however many weights that are
  kFlash,  ///< the same within a budget of weights, whatever they cost
};

/// "uniform", "erk", "global", "cost", "flash". Throws Error(kUsage) naming the nearest.
AllocationMethod allocation_from_name(const std::string& name);
std::string to_string(AllocationMethod method);
/// Of all methods, as allocation_from_name reads them.
std::vector<std::string> allocation_names();

/// kCost and kFlash: AllocationOptions::budget counts.
bool has_budget(AllocationMethod method);

struct AllocationOptions {
  AllocationMethod method = AllocationMethod::kUniform;
  /// Instructions (kCost) or weights (kFlash) allowed for a subnet, over those of the uniform allocation.
  double budget = 1.0;
};

/// Level maps by magnitude of the network's present weights (masks do not matter) at `fraction` (0…1) of the
/// allocated sparsities, shared out anew unless uniform. Throws as assign_levels does, and Error(kUsage) for
/// a budget out of reach or too few blocks for all layers, whatever the weights.
LevelMaps magnitude_levels(const nn::Network& network, const Allocation& allocation, int block_width,
                           double fraction, const AllocationOptions& options = {});

}  // namespace ns::nested
