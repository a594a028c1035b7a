// What the encoders of nested weights share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ns/quant/levelled_weights.h"

namespace ns::pack {

/// Throws Error(kInternal) when arrays and shape disagree, a level is above the number of levels or a weight
/// of level 0 is not zero.
void check_levels(const quant::LevelledWeights& weights);

/// The weights of the block at (row, position); a channel beyond the last one is zero.
struct Block {
  std::int8_t lane[4] = {};
};
Block block_at(const quant::LevelledWeights& weights, std::size_t row, std::size_t position);

/// Stores a block. False if a weight beyond the last channel is not zero.
bool set_block(quant::LevelledWeights& weights, std::size_t row, std::size_t position, const Block& block);

}  // namespace ns::pack
