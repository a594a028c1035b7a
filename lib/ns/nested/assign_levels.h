// From block scores and target sparsities to a level map.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ns/nested/level_map.h"

namespace ns::nested {

/// Throws Error(kUsage) unless there are 1…8 sparsities, strictly increasing, each inside (0, 1).
void check_sparsities(std::span<const double> sparsities);

/// Gives the highest scores to subnet 1, the next ones to subnet 2 and so on; the rest is pruned. Subnet k of
/// N reaches sparsities[N−k], counted over all weights of the layer, to within half a block. Equal scores go
/// to the lower block index first. `sparsities` must not decrease and lie in [0, 1): the gradual schedule
/// passes through 0. Throws Error(kUsage) naming `layer` when a sparsity would leave it without a block or
/// cannot be reached because of its partial blocks, Error(kInput) if a score is not finite.
LevelMap assign_levels(const std::string& layer, const BlockGrid& grid, std::span<const float> scores,
                       std::span<const double> sparsities);

/// The same for given numbers of whole blocks: kept[k − 1] of subnet k, which must not fall with k nor exceed
/// the grid's.
LevelMap assign_kept_blocks(const BlockGrid& grid, std::span<const float> scores,
                            std::span<const std::int64_t> kept);

/// Throws Error(kInput) naming `layer` if a score is not finite.
void check_finite(const std::string& layer, std::span<const float> scores);

}  // namespace ns::nested
