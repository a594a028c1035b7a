// The nesting of one weight tensor: which subnet is the first to use each block.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ns/nested/block_grid.h"

namespace ns::nested {

inline constexpr int kMaxSubnets = 8;

/// One level per block: 0 = pruned everywhere, k = first used by subnet k. Subnet 1 is the sparsest; subnet k
/// uses the blocks with 0 < level ≤ k, so that its support lies inside subnet k+1's whatever the levels are.
/// Partial blocks are always at level 1.
class LevelMap {
 public:
  /// Every block at level 1: nothing pruned. Throws Error(kUsage) unless subnets is 1…8.
  LevelMap(BlockGrid grid, int subnets);
  /// Stored levels, one per block in the grid's order. Throws Error(kInput) if their number differs from the
  /// grid's, a level is above `subnets`, or a partial block is not at level 1.
  LevelMap(BlockGrid grid, int subnets, std::vector<std::uint8_t> levels);

  const BlockGrid& grid() const { return grid_; }
  int subnets() const { return subnets_; }
  const std::vector<std::uint8_t>& levels() const { return levels_; }
  /// The level of every weight's block, in the weights' order: for loops that run in every training step.
  const std::vector<std::uint8_t>& weight_levels() const { return weight_levels_; }

  /// 1 where subnet k uses the weight, else 0; the weight's shape.
  Tensor mask(int subnet) const;
  /// Number of weights that subnet k uses.
  std::int64_t kept_weights(int subnet) const;
  /// Fraction of the weights that subnet k does not use, 0…1.
  double sparsity(int subnet) const;

  bool operator==(const LevelMap&) const = default;

 private:
  void check_subnet(int subnet) const;
  void spread_levels();

  BlockGrid grid_;
  int subnets_;
  std::vector<std::uint8_t> levels_, weight_levels_;
};

/// Level maps by parameter name ("<layer>.weight"); parameters without one are dense in every subnet.
using LevelMaps = std::map<std::string, LevelMap>;

}  // namespace ns::nested
