#include "ns/nested/level_map.h"

#include "ns/base/error.h"

namespace ns::nested {

LevelMap::LevelMap(BlockGrid grid, int subnets)
    : grid_(std::move(grid)), subnets_(subnets), levels_(static_cast<std::size_t>(grid_.block_count()), 1) {
  if (subnets < 1 || subnets > kMaxSubnets) {
    throw usage_error(std::to_string(subnets) + " subnets: expected 1 to " + std::to_string(kMaxSubnets));
  }
  spread_levels();
}

LevelMap::LevelMap(BlockGrid grid, int subnets, std::vector<std::uint8_t> levels)
    : LevelMap(std::move(grid), subnets) {
  if (levels.size() != levels_.size()) {
    throw input_error("level map: expected " + std::to_string(levels_.size()) + " blocks, found " +
                      std::to_string(levels.size()));
  }
  for (std::size_t block = 0; block < levels.size(); ++block) {
    const auto place = [&] {
      return "level map: block " + std::to_string(block) + " has level " + std::to_string(levels[block]);
    };
    if (levels[block] > subnets_) {
      throw input_error(place() + ", expected at most " + std::to_string(subnets_));
    }
    if (levels[block] != 1 && grid_.is_partial(static_cast<std::int64_t>(block))) {
      throw input_error(place() + ", but it is a partial block, which stays at level 1");
    }
  }
  levels_ = std::move(levels);
  spread_levels();
}

void LevelMap::spread_levels() {
  weight_levels_.resize(static_cast<std::size_t>(grid_.weight_count()));
  for (std::size_t i = 0; i < weight_levels_.size(); ++i) {
    weight_levels_[i] = levels_[static_cast<std::size_t>(grid_.block_of(static_cast<std::int64_t>(i)))];
  }
}

void LevelMap::check_subnet(int subnet) const {
  if (subnet < 1 || subnet > subnets_) {
    throw internal_error("subnet " + std::to_string(subnet) + " of " + std::to_string(subnets_));
  }
}

Tensor LevelMap::mask(int subnet) const {
  check_subnet(subnet);
  Tensor mask(grid_.weight_shape());
  for (std::int64_t i = 0; i < mask.size(); ++i) {
    const int level = weight_levels_[static_cast<std::size_t>(i)];
    mask[i] = level > 0 && level <= subnet ? 1.0f : 0.0f;
  }
  return mask;
}

std::int64_t LevelMap::kept_weights(int subnet) const {
  check_subnet(subnet);
  std::int64_t kept = 0;
  for (std::size_t block = 0; block < levels_.size(); ++block) {
    if (levels_[block] > 0 && levels_[block] <= subnet) {
      kept += grid_.weights_in(static_cast<std::int64_t>(block));
    }
  }
  return kept;
}

double LevelMap::sparsity(int subnet) const {
  return 1.0 - static_cast<double>(kept_weights(subnet)) / static_cast<double>(grid_.weight_count());
}

}  // namespace ns::nested
