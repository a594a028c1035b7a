// How a windowed operator's input is laid out for the vector kernels: padded planes of int16 pairs, one plane
// per channel pair, vertical stride phase and horizontal tap. A plane's rows have exactly the output's width,
// so that the pixels under one tap of *all* outputs are one run of memory, as long as the output plane:
// narrow rows waste no lanes, results need no moving, and with widths of 16 and 32 every load is aligned.
//
// Compiled once, without any instruction-set flag: these functions must not exist in several variants.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace nsrt::host {

/// A pair is two channels at one tap (convolution), or one channel at two adjacent taps (depthwise).
enum class PairOf { kChannels, kColumns };

struct Grid {
  std::uint32_t pairs;      ///< channel pairs that are laid out at a time
  std::uint32_t phases;     ///< vertical stride phases that taps read: min(sh, kh)
  std::uint32_t taps_x;     ///< planes per phase: kw, or pairs of columns
  std::uint32_t rows;       ///< of a plane; each has ow elements
  std::uint32_t positions;  ///< weight pairs of a row: pairs·kh·taps_x
  std::uint32_t outputs;    ///< oh·ow
  std::uint32_t padded_h;   ///< rows of a padded input channel that windows read
  std::size_t padded_w;     ///< bytes from one padded row to the next
  std::size_t plane;        ///< elements from one plane to the next, a multiple of 16
  std::size_t pair;         ///< elements from one channel pair to the next
};

Grid make_grid(const Window&, PairOf, std::uint32_t pairs);

/// Where the pixels under a position start, relative to the planes; position = (pair·kh + ky)·taps_x + tap_x.
/// `offsets` has grid.positions elements.
void fill_offsets(const Window&, const Grid&, std::int32_t* offsets);

/// Where the pieces of one convolution's scratch lie, each 64-byte aligned.
struct Scratch {
  std::int32_t* planes;      ///< [pairs][phases][taps_x][plane]
  std::int32_t* offsets;     ///< [positions]
  std::int32_t* list;        ///< offsets of the weights of a few rows (sparse)
  std::int32_t* weights;     ///< weight pairs of a few rows
  std::int8_t* padded;       ///< [2][padded_h][padded_w]: two channels, then a row of zeros
  std::size_t planes_size;   ///< elements
  std::size_t weights_size;  ///< elements, also of `list`
};

/// What the pieces hold: `weights` pairs of weights, and as many list offsets if `sparse`.
struct Demand {
  std::size_t weights;
  bool sparse;
};

Scratch place_scratch(const Grid&, const Demand&, void* scratch);
/// UINT32_MAX, a size that no arena has, stands for everything larger.
std::uint32_t scratch_bytes(const Grid&, const Demand&);

}  // namespace nsrt::host
