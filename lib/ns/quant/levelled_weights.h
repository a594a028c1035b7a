// A layer's quantised weights as the encoders see them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ns::quant {

/// Extents of a weight array [co][ci][kh][kw]; linear is [units][inputs][1][1], depthwise
/// [channels][1][kh][kw].
struct WeightShape {
  int co = 0, ci = 0, kh = 1, kw = 1;
  std::size_t taps() const { return static_cast<std::size_t>(kh) * static_cast<std::size_t>(kw); }
  std::size_t row() const { return static_cast<std::size_t>(ci) * taps(); }
  std::size_t count() const { return static_cast<std::size_t>(co) * row(); }
  /// Blocks of `block` adjacent input channels; the last one may be partly filled.
  std::size_t channel_blocks(int block) const { return static_cast<std::size_t>((ci + block - 1) / block); }
  /// Positions of a row, P = ceil(ci / block)·kh·kw.
  std::size_t positions(int block) const { return channel_blocks(block) * taps(); }
  bool operator==(const WeightShape&) const = default;
};

/// int8 weights with one level per block: 0 = pruned everywhere, k = first subnet that uses the block.
struct LevelledWeights {
  WeightShape shape;
  int block = 2;                    ///< 1, 2 or 4 input channels
  int levels = 1;                   ///< N, 1…8
  std::vector<std::int8_t> values;  ///< [co][ci][kh][kw]; zero where the level is 0
  std::vector<std::uint8_t> level;  ///< [co][ceil(ci/block)][kh][kw]
  bool operator==(const LevelledWeights&) const = default;
};

}  // namespace ns::quant
