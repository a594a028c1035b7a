// Which subnets' losses teach which weights.
#pragma once

#include <string>

#include "ns/nested/level_map.h"

namespace ns::nested {

/// How the gradients of N subnets combine in the one update of a weight of level l, used by subnets l…N.
enum class Routing {
  kSum,       ///< all losses reach all the weights they use
  kMean,      ///< the sum over the number of subnets that use the weight, N − l + 1
  kSparsest,  ///< only subnet l, the sparsest that uses it: each increment is trained by who introduces it
  kDensest,   ///< only subnet N
};

/// "sum", "mean", "sparsest", "densest". Throws Error(kUsage) naming the nearest.
Routing routing_from_name(const std::string& name);
std::string to_string(Routing routing);

/// Factor of subnet k's gradient in the update of a weight of level l. For level 0 it is 0, or, with
/// `regrow`, 1 for the densest subnet alone: while pruning is under way a pruned weight follows the gradient
/// it would have if it were used, and comes back when it has grown.
float routing_factor(Routing routing, int level, int subnet, int subnets, bool regrow);

/// total += factor ⊙ grad, for one weight tensor and subnet. Shapes are the map's.
void add_routed(const LevelMap& map, Routing routing, int subnet, bool regrow, const Tensor& grad,
                Tensor& total);

}  // namespace ns::nested
