// How a total number of blocks is shared out among layers. Private to this room.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ns/nested/allocation.h"
#include "ns/nested/block_grid.h"

namespace ns::nested {

/// No layer gets less than this share of the density that the uniform allocation would give it.
inline constexpr double kDensityFloor = 0.2;

/// What using a kept weight costs beside its multiplications, once per inference, in output pixels: an
/// estimate for the decoding loops of the M7 (docs/m7.md).
inline constexpr double kDecodePixels = 12;

/// A layer as the allocation sees it.
struct LayerBlocks {
  std::string layer;
  BlockGrid grid;
  std::vector<float> scores;   ///< of the whole blocks, falling
  double energy = 0;           ///< sum of all squared weights, partial blocks included
  double cost_per_weight = 1;  ///< output pixels + kDecodePixels
  std::vector<double>
      sparsities;  ///< asked for, the densest subnet first: only their total over layers counts

  std::int64_t partial_weights() const {
    return grid.weight_count() - static_cast<std::int64_t>(scores.size()) * grid.width();
  }
};

/// Whole blocks that subnet k keeps of layer i, at [i][k − 1]; they do not fall with k. For every subnet the
/// weights kept in all layers (kCost: their cost) differ from what the sparsities ask for, times the budget,
/// by at most half a block, and every layer keeps at least one block and kDensityFloor of its share.
/// `fraction` is the schedule's: at 1 a budget that the floors forbid is an Error(kUsage), before that it is
/// met as nearly as possible. Throws Error(kUsage) too if there are fewer blocks to keep than layers.
std::vector<std::vector<std::int64_t>> share_blocks(const std::vector<LayerBlocks>& layers,
                                                    const AllocationOptions& options, double fraction);

}  // namespace ns::nested
