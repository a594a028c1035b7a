// How a convolution is cut into strips of output rows and tiles of pixels, and what its scratch holds. One
// plan serves the kernels and their scratch twins.
//
// The input rows of a strip are expanded in scratch to 32-bit words, strip[plane][row][phase][column], one
// plane per channel or channel pair. With horizontal stride s, padded column j lies in phase j % s at j / s,
// so that the words of any tap are contiguous over the output pixels.
#pragma once

#include "kernels/kernels.h"

namespace nsrt::m7 {

constexpr std::uint32_t kTileWords = 4;         ///< words of a tile, contiguous in an output row
constexpr std::uint32_t kMaxEntries = 64;       ///< decoded weights a tile takes in one go
constexpr std::uint32_t kMaxPairEntries = 64;   ///< the same for two rows
constexpr std::uint32_t kPointwisePixels = 64;  ///< of a strip of a pointwise convolution, or twice as many
constexpr std::uint32_t kPointwiseStrip = 16 * 1024;  ///< if they take no more bytes than this
constexpr std::uint32_t kFewEntries = 24;             ///< enough not to lose much
constexpr std::uint32_t kMaxLaneSum = 256;            ///< kept weights a 24-bit lane surely holds (tiles.S)
constexpr std::uint32_t kSmallScratch = 4096 - 128;   ///< never too much; 16 rows of a narrow table beside it
constexpr std::uint32_t kLargeTensors = 32 * 1024;    ///< input and output of a layer that gets no more
constexpr std::uint32_t kControlBytes = 96;           ///< room for a Control (control.h)

struct Plan {
  Window w;            ///< the window; 1×1 with stride 1 flattened to one row
  std::uint32_t span;  ///< output pixels of a row that a strip covers; the last strip overlaps
  bool pairs_rows;     ///< a word's two pixels lie in different rows; all rows are in one strip
  bool joins_rows;     ///< … and the rows of words follow each other without a gap: tiles reach across
  std::uint32_t
      half;  ///< words per row of tiles: span, or ceil(span/2) where a word holds two pixels of a row
  std::uint32_t tiles_per_row;  ///< ceil(half / kTileWords); the last tile overlaps its neighbour
  std::uint32_t tile_rows;      ///< rows of tiles: word_rows, or one where rows are joined
  std::uint32_t rows;           ///< output rows of a strip
  std::uint32_t word_rows;      ///< rows, or ceil(rows/2) where words pair rows
  std::uint32_t in_rows;        ///< rows of words in the strip, for all taps of word_rows
  std::uint32_t row_words;  ///< from one row to the next; where rows are joined, to the next that a tap reads
  std::uint32_t phase_words;   ///< from one phase to the next
  std::uint32_t parity_words;  ///< joined rows: from the rows that tap 0 reads to those of tap 1, and so on
  std::uint32_t plane_words;   ///< from one plane to the next
  std::uint32_t planes;        ///< channels or channel pairs in the strip
  std::uint32_t entries;       ///< capacity of the list of decoded weights
  std::uint32_t list_at, control_at, tiles_at, bounce_at, sums_at, lows_at, taps_at, pad_row_at,
      bytes;  ///< in scratch

  constexpr std::uint32_t phases() const { return w.sw < w.kw ? w.sw : w.kw; }
  /// Input rows between the rows of words that follow each other, and how many such series there are.
  constexpr std::uint32_t row_stride() const { return joins_rows ? w.sh : 1u; }
  constexpr std::uint32_t parities() const { return !joins_rows ? 1u : w.sh < w.kh ? w.sh : w.kh; }
  /// Output columns between a word's two pixels.
  constexpr std::uint32_t column_distance() const { return pairs_rows ? 0u : span - half; }
  /// Outputs of a row of words.
  constexpr std::uint32_t row_outputs() const { return joins_rows ? w.ow : half; }
  /// Outputs go through a buffer: rows narrower than a tile, and joined rows.
  constexpr bool bounces() const { return half < kTileWords || joins_rows; }
};

/// What differs between the operators that share the plan.
struct PlanKind {
  std::uint32_t pixels_per_word;  ///< 1 (a word is a channel pair) or 2
  std::uint32_t planes;
  std::uint32_t entry_bytes;  ///< of the list
  std::uint32_t entries;      ///< of a row, at most
  std::uint32_t taps;         ///< halfwords of the table of taps
  std::uint32_t tiles;        ///< that make the decoding of a weight cheap
};

constexpr std::uint32_t least(std::uint32_t a, std::uint32_t b) {
  return a < b ? a : b;
}
constexpr std::uint32_t most(std::uint32_t a, std::uint32_t b) {
  return a > b ? a : b;
}
constexpr std::uint32_t ceil_div(std::uint32_t a, std::uint32_t b) {
  return (a + b - 1) / b;
}

constexpr bool is_pointwise(const Window& w) {
  return w.kh == 1 && w.kw == 1 && w.sh == 1 && w.sw == 1 && w.oh == w.ih && w.ow == w.iw &&
         std::uint32_t{w.ih} * w.iw <= 0xFFFF;
}

/// Words of a row from which those of the next can start: padding on the right is also that on the left of
/// the next row.
constexpr std::uint32_t joined_row_words(const Plan& p) {
  const Window& w = p.w;
  std::uint32_t longest = w.ow;
  for (std::uint32_t phase = 0; phase < p.phases(); ++phase) {
    const std::uint32_t words = w.ow + (w.kw - 1u - phase) / w.sw;
    const std::uint32_t left = w.pad_left > phase ? ceil_div(w.pad_left - phase, w.sw) : 0;
    const std::uint32_t columns =
        w.iw + w.pad_left - phase;  // left of the padding on the right, at least one
    const std::uint32_t inside = ceil_div(columns, w.sw);
    const std::uint32_t right = words > inside ? words - inside : 0;
    longest = most(longest, words - least(left, right));
  }
  return longest;
}

constexpr void place(Plan& p, const PlanKind& kind) {
  const Window& w = p.w;
  p.word_rows = p.pairs_rows ? (p.rows + 1) / 2 : p.rows;
  p.in_rows = (p.word_rows - 1) * w.sh + w.kh;
  const std::uint32_t more = (w.kw - 1u) / w.sw;
  if (p.joins_rows) {
    p.row_words = joined_row_words(p);
    p.half = (p.word_rows - 1) * p.row_words + w.ow;
    p.phase_words = (ceil_div(p.in_rows, w.sh) - 1) * p.row_words + w.ow + more;
    p.parity_words = p.phases() * p.phase_words;
    p.plane_words = p.parities() * p.parity_words;
  } else {
    p.phase_words = most(p.half, kTileWords) + more;
    p.row_words = p.phases() * p.phase_words;
    p.plane_words = p.in_rows * p.row_words;
  }
  p.tiles_per_row = ceil_div(p.half, kTileWords);
  p.tile_rows = p.joins_rows ? 1 : p.word_rows;
  const std::uint32_t tiles = p.tiles_per_row * p.tile_rows;
  p.list_at = p.planes * p.plane_words * 4;
  p.control_at = p.list_at + p.entries * kind.entry_bytes;
  p.tiles_at = p.control_at + kControlBytes;
  p.bounce_at = p.tiles_at + (tiles + 1) * 8;
  p.sums_at = p.bounce_at + (p.bounces() ? tiles * 8 : 0);
  p.lows_at = p.sums_at + (kind.entries > p.entries ? tiles * 32 : 0);
  p.taps_at = p.lows_at + (kind.pixels_per_word == 2 && kind.entries > kMaxLaneSum ? tiles * 16 : 0);
  p.pad_row_at = p.taps_at + kind.taps * 2;
  p.bytes = p.pad_row_at + (p.pairs_rows ? p.w.iw : 0u);
}

/// What the tiles of an output plane cost, in units of eleven instructions.
constexpr std::uint32_t tile_cost(const Plan& p) {
  const std::uint32_t tiles = p.tile_rows * p.tiles_per_row;
  return p.joins_rows ? tiles * 8 + p.word_rows * 3 : tiles * (p.bounces() ? 12 : 8);
}

/// Pairs rows instead of columns where that wastes fewer lanes: narrow images.
constexpr bool pair_rows(Plan& columns, const PlanKind& kind, std::uint32_t limit) {
  const Window& w = columns.w;
  if (kind.pixels_per_word != 2 || w.oh < 2) return false;
  columns.tile_rows = w.oh;
  Plan p = columns;
  p.pairs_rows = true;
  p.rows = w.oh;
  p.half = p.span = w.ow;
  place(p, kind);
  if (w.sw <= 2 && w.iw + w.pad_left >= w.sw) {
    Plan joined = p;
    joined.joins_rows = true;
    place(joined, kind);
    if (joined.half >= kTileWords && tile_cost(joined) < tile_cost(p)) p = joined;
  }
  if (tile_cost(p) >= tile_cost(columns)) return false;
  // Low rows are padding at the top only, high rows at the bottom only, and no row both.
  const std::uint32_t between = (p.rows - p.word_rows) * w.sh;
  const std::uint32_t high_inside = w.ih + w.pad_top - least(between, w.ih + w.pad_top);
  if (p.in_rows > w.ih + w.pad_top || between < w.pad_top || high_inside < w.pad_top || p.bytes > limit)
    return false;
  columns = p;
  return true;
}

/// Cuts columns into spans.
constexpr void set_spans(Plan& p, const PlanKind& kind, std::uint32_t spans) {
  p.span = ceil_div(p.w.ow, spans);
  p.half = ceil_div(p.span, kind.pixels_per_word);
  p.tiles_per_row = ceil_div(p.half, kTileWords);
}

/// As many rows as fit, at least one, at most those that make the decoding of a weight cheap.
constexpr void set_rows(Plan& p, const PlanKind& kind, std::uint32_t limit) {
  p.rows = 2;
  place(p, kind);
  const std::uint32_t two = p.bytes;
  p.rows = 1;
  place(p, kind);
  const std::uint32_t one = p.bytes, most_rows = least(p.w.oh, ceil_div(kind.tiles, p.tiles_per_row));
  if (one < limit) p.rows = least(most_rows, (limit - one) / (two - one) + 1);
  place(p, kind);
}

/// Bytes of an operator's input and output.
constexpr std::uint32_t activations(const Window& w) {
  return std::uint32_t{w.ih} * w.iw * w.ci + std::uint32_t{w.oh} * w.ow * w.co;
}

/// Lays the work out such that the scratch hardly makes the arena grow: layers with the largest tensors get
/// little, the others more. Within that, as many tiles per strip as make the decoding of a weight cheap, then
/// a long list. `tensors`: bytes of the layer's activations.
constexpr Plan make_plan(const Window& window, const PlanKind& kind, std::uint32_t tensors) {
  Plan p{};
  p.w = window;
  if (is_pointwise(window)) {
    p.w.ih = p.w.oh = 1;
    p.w.iw = p.w.ow = static_cast<std::uint16_t>(window.ih * window.iw);
  }
  const Window& w = p.w;
  p.planes = kind.planes;
  p.entries = least(kind.entries, kFewEntries);
  const std::uint32_t limit =
      tensors > kLargeTensors ? kSmallScratch : kLargeTensors + kSmallScratch - tensors;
  if (is_pointwise(window)) {
    const std::uint32_t pixel_bytes = p.planes * 4 / kind.pixels_per_word;
    const std::uint32_t pixels =
        2 * kPointwisePixels * pixel_bytes <= kPointwiseStrip ? 2 * kPointwisePixels : kPointwisePixels;
    set_spans(p, kind, ceil_div(w.ow, pixels));
    set_rows(p, kind, limit);
  } else {
    set_spans(p, kind, 1);
    if (!pair_rows(p, kind, limit)) set_rows(p, kind, limit);
    // Narrower strips have more columns at their edges, but more tiles fit into as many bytes.
    for (std::uint32_t spans = 2; spans <= 3 && p.word_rows * p.tiles_per_row < kind.tiles && !p.pairs_rows;
         ++spans) {
      Plan narrow = p;
      set_spans(narrow, kind, spans);
      if (narrow.half < 2 * kTileWords) break;
      set_rows(narrow, kind, limit);
      if (narrow.bytes > limit || narrow.rows * narrow.tiles_per_row * 4 < p.rows * p.tiles_per_row * 5)
        break;
      p = narrow;
    }
  }
  const std::uint32_t most_entries =
      least(kind.entries, kind.pixels_per_word == 2 ? kMaxEntries : kMaxPairEntries);
  const std::uint32_t room = limit > p.bytes ? limit - p.bytes : 1024;
  p.entries = least(most_entries, most(p.entries, (p.entries + room / kind.entry_bytes) / 8 * 8));
  place(p, kind);
  return p;
}

constexpr Plan make_plan(const Window& w, const PlanKind& kind) {
  return make_plan(w, kind, activations(w));
}

constexpr std::uint32_t positions(const Window& w, std::uint32_t block) {
  return ceil_div(w.ci, block) * w.kh * w.kw;
}
/// Images and audio: with an odd channel half of a channel pair would be wasted, so few of them go by pixel
/// pairs.
constexpr bool has_few_channels(const Window& w) {
  return w.ci == 1 || w.ci == 3;
}
constexpr Plan plan_dense(const Window& w) {
  const std::uint32_t p = (positions(w, 2) + 1) / 2 * 2;  // quads hold two
  const std::uint32_t taps = std::uint32_t{w.ci} * w.kh * w.kw;
  if (has_few_channels(w)) return make_plan(w, {2, w.ci, 8, taps, 2 * taps, 32});
  return make_plan(w, {1, ceil_div(w.ci, 2), 12, p, p, 16});
}
constexpr Plan plan_sparse(const Window& w, std::uint32_t block) {
  const std::uint32_t p = positions(w, block);
  return make_plan(w, {2, ceil_div(w.ci, block) * block, 8, p * block, p, 16});
}
constexpr Plan plan_depthwise(const Window& w) {
  const std::uint32_t taps = std::uint32_t{w.kh} * w.kw;
  PlanKind kind{2, 1, 8, taps, 2 * taps, 64};
  const Plan one = make_plan(w, kind);
  // Several channels at a time where planes are small.
  const std::uint32_t plane_bytes = one.plane_words * 4;
  if (one.bytes + plane_bytes > kSmallScratch) return one;
  kind.planes = least(w.ci, 1 + (kSmallScratch - one.bytes) / plane_bytes);
  if (one.rows < w.oh || one.span < w.ow) return make_plan(w, kind);
  Plan several = one;
  several.planes = kind.planes;
  place(several, kind);
  return several;
}

}  // namespace nsrt::m7
