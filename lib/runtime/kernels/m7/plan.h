// How a convolution is cut into strips of output rows and tiles of pixels, and what its scratch holds. One
// plan serves the kernels and their scratch twins.
//
// Input rows of a strip are expanded in scratch to 32-bit words, one plane per channel (or channel pair):
// words[plane][row][phase][column]. With stride sw, padded column j lies in phase j % sw at j / sw, so the
// words of any tap are contiguous over the output pixels.
#pragma once

#include "kernels/kernels.h"

namespace nsrt::m7 {

constexpr std::uint32_t kTileWords = 4;  ///< words of a tile, contiguous in an output row

struct Plan {
  Window w;                     ///< the window, flattened to one row where the operator is 1×1 with stride 1
  std::uint32_t half;           ///< words per output row: ow, or ceil(ow/2) where a word holds two pixels
  std::uint32_t tiles_per_row;  ///< ceil(half / kTileWords); the last tile overlaps its neighbour
  std::uint32_t rows;           ///< output rows of a strip
  std::uint32_t in_rows;        ///< input rows of a strip
  std::uint32_t phase_words;    ///< words of one phase of one input row
  std::uint32_t row_words;      ///< words of one input row, all phases
  std::uint32_t plane_words;    ///< in_rows · row_words
  std::uint32_t planes;         ///< channels or channel pairs in the strip
  std::uint32_t entries;        ///< capacity of the list of decoded weights
  std::uint32_t strip_at, list_at, control_at, tiles_at, sums_at, taps_at,
      bytes;  ///< byte offsets in scratch
};

constexpr std::uint32_t kControlBytes = 96;
constexpr std::uint32_t kMaxEntries = 64;

constexpr std::uint32_t least(std::uint32_t a, std::uint32_t b) {
  return a < b ? a : b;
}
constexpr std::uint32_t most(std::uint32_t a, std::uint32_t b) {
  return a > b ? a : b;
}

/// `pixels_per_word` 1 (channel pairs) or 2; `planes` in a strip; `entry_bytes` of the list; `weights` of a
/// row; `taps` entries of the position table.
constexpr Plan make_plan(const Window& window, std::uint32_t pixels_per_word, std::uint32_t planes,
                         std::uint32_t entry_bytes, std::uint32_t weights, std::uint32_t taps) {
  Plan p{};
  p.w = window;
  if (window.kh == 1 && window.kw == 1 && window.sh == 1 && window.sw == 1 && window.pad_top == 0 &&
      window.pad_left == 0 && window.oh == window.ih && window.ow == window.iw &&
      std::uint32_t{window.ih} * window.iw <= 0xFFFF) {
    p.w.ih = p.w.oh = 1;
    p.w.iw = p.w.ow = static_cast<std::uint16_t>(window.ih * window.iw);
  }
  const Window& w = p.w;
  p.planes = planes;
  // Strips of a flattened plane are cut along the row: 64 pixels keep the decoding of weights cheap.
  p.half = (w.ow + pixels_per_word - 1) / pixels_per_word;
  if (w.oh == 1 && w.kw == 1 && w.sw == 1) p.half = least(p.half, 8 * kTileWords);
  p.tiles_per_row = (p.half + kTileWords - 1) / kTileWords;
  p.phase_words = most(p.half, kTileWords) + (w.kw - 1) / w.sw;
  p.row_words = p.phase_words * least(w.sw, w.kw);
  p.entries = least(weights, kMaxEntries);
  const std::uint32_t tensors = std::uint32_t{w.ih} * w.iw * w.ci + std::uint32_t{w.oh} * w.ow * w.co;
  const std::uint32_t limit = tensors > 32 * 1024 ? 4 * 1024 : 36 * 1024 - tensors;
  for (p.rows = least(w.oh, (8 + p.tiles_per_row - 1) / p.tiles_per_row);; --p.rows) {
    p.in_rows = (p.rows - 1) * w.sh + w.kh;
    p.plane_words = p.in_rows * p.row_words;
    const std::uint32_t tiles = p.tiles_per_row * p.rows;
    p.strip_at = 0;
    p.list_at = p.planes * p.plane_words * 4;
    p.control_at = p.list_at + p.entries * entry_bytes;
    p.tiles_at = p.control_at + kControlBytes;
    p.sums_at = p.tiles_at + (tiles + 1) * 8;
    p.taps_at = p.sums_at + (weights > p.entries ? tiles * 32 : 0) + (weights > 256 ? tiles * 16 : 0);
    p.bytes = (p.taps_at + taps * 2 + 15) / 16 * 16;
    if (p.rows == 1 || p.bytes <= limit) return p;
  }
}

constexpr std::uint32_t positions(const Window& w, std::uint32_t block) {
  return (w.ci + block - 1) / block * w.kh * w.kw;
}
constexpr Plan plan_dense(const Window& w) {
  return make_plan(w, 1, (w.ci + 1u) / 2, 12, positions(w, 2), 0);
}
constexpr Plan plan_sparse(const Window& w, std::uint32_t block) {
  const std::uint32_t p = positions(w, block);
  return make_plan(w, 2, (w.ci + block - 1) / block * block, 8, p * block, p);
}
constexpr Plan plan_depthwise(const Window& w) {
  return make_plan(w, 2, 1, 8, std::uint32_t{w.kh} * w.kw, 0);
}

}  // namespace nsrt::m7
