#include "ns/pack/levels.h"

#include <string>

#include "ns/base/error.h"

namespace ns::pack {

void check_levels(const quant::LevelledWeights& w) {
  const bool sizes_fit = w.values.size() == w.shape.count() &&
                         w.level.size() == static_cast<std::size_t>(w.shape.co) * w.shape.positions(w.block);
  if (!sizes_fit) throw internal_error("nested weights: weights or level map do not have the layer's shape");
  const std::size_t positions = w.shape.positions(w.block), taps = w.shape.taps(), row = w.shape.row();
  for (std::size_t i = 0; i < w.values.size(); ++i) {
    const std::size_t channel = i % row / taps;
    const std::size_t p = channel / static_cast<std::size_t>(w.block) * taps + i % taps;
    const std::uint8_t level = w.level[i / row * positions + p];
    if (level > w.levels || (level == 0 && w.values[i] != 0))
      throw internal_error("nested weights: weight " + std::to_string(i) + " does not agree with its level " +
                           std::to_string(level));
  }
}

Block block_at(const quant::LevelledWeights& w, std::size_t row, std::size_t p) {
  const std::size_t taps = w.shape.taps(), lanes = static_cast<std::size_t>(w.block);
  Block block;
  for (std::size_t lane = 0; lane < lanes && lane < 4; ++lane) {
    const std::size_t channel = p / taps * lanes + lane;
    if (channel < static_cast<std::size_t>(w.shape.ci))
      block.lane[lane] = w.values[row * w.shape.row() + channel * taps + p % taps];
  }
  return block;
}

bool set_block(quant::LevelledWeights& w, std::size_t row, std::size_t p, const Block& block) {
  const std::size_t taps = w.shape.taps(), lanes = static_cast<std::size_t>(w.block);
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const std::size_t channel = p / taps * lanes + lane;
    if (channel < static_cast<std::size_t>(w.shape.ci))
      w.values[row * w.shape.row() + channel * taps + p % taps] = block.lane[lane];
    else if (block.lane[lane] != 0)
      return false;
  }
  return true;
}

}  // namespace ns::pack
