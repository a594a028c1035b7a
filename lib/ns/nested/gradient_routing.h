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
  kAgree,     ///< the sum without the gradients whose sign is not the sum's
};

/// "sum", "mean", "sparsest", "densest", "agree". Throws Error(kUsage) naming the nearest.
Routing routing_from_name(const std::string& name);
std::string to_string(Routing routing);

/// Factor of subnet k's gradient in the update of a weight of level l. For level 0 it is 0, or, with
/// `regrow`, 1 for the densest subnet alone: while pruning is under way a pruned weight follows the gradient
/// it would have if it were used, and comes back when it has grown. Of kAgree these are the factors of the
/// gradients that are summed up by sign.
float routing_factor(Routing routing, int level, int subnet, int subnets, bool regrow);

/// total += factor ⊙ grad, for one weight tensor and subnet. Shapes are the map's.
void add_routed(const LevelMap& map, Routing routing, int subnet, bool regrow, const Tensor& grad,
                Tensor& total);

/// For kAgree: positive gradients to `total`, negative ones to `opposite`, each by its factor. `map` is null
/// for what every subnet uses.
void add_by_sign(const LevelMap* map, int subnet, int subnets, bool regrow, const Tensor& grad, Tensor& total,
                 Tensor& opposite);

/// After all subnets: total becomes whichever of the two weighs more, or 0 if they cancel out.
void keep_agreeing(Tensor& total, const Tensor& opposite);

}  // namespace ns::nested
