// How a windowed operator's input is laid out for the vector kernels: one padded plane per channel pair and
// stride phase, each element a pair of int16, so that the pixels under one kernel tap of *all* outputs are
// one run of memory.
//
// Output (y, x) is lane y·pitch + x of a flat grid: narrow rows waste no lanes, at the price of a few lanes
// between rows whose results are thrown away. Where both sides have padding, a row's right padding is the
// next row's left one.
//
// Compiled once, without any instruction-set flag: these functions must not exist in several variants.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace nsrt::host {

struct Grid {
  std::uint32_t columns;   ///< of a plane's row, padding included
  std::uint32_t rows;      ///< of a plane
  std::uint32_t pitch;     ///< from one row to the next; less than `columns` where padding is shared
  std::uint32_t phases_y;  ///< stride phases that taps read
  std::uint32_t phases_x;
  std::uint32_t planes_per_pair;  ///< phases_y·phases_x
  std::uint32_t phase_step;       ///< 2 where a depthwise kernel with even stride reads even phases only
  std::uint32_t taps_x;           ///< horizontal taps per position: kw, or pairs of them for depthwise
  std::size_t plane;              ///< elements from one plane to the next; rows are written in whole vectors
  std::uint32_t flat;             ///< lanes from the first to the last output
};

/// Channel pairs are two channels at the same tap (convolution), or one channel at two adjacent columns
/// (depthwise).
enum class PairOf { kChannels, kColumns };

Grid make_grid(const Window&, PairOf);

/// Offset of a tap's first pixel from the planes of its channel pair.
std::size_t tap_offset(const Grid&, const Window&, PairOf, std::uint32_t ky, std::uint32_t tap_x);

/// Where the pieces of one convolution's scratch lie; every piece starts at a multiple of 64 bytes from the
/// first.
struct ConvScratch {
  std::int32_t* planes;        ///< [pair][phase][plane]
  std::int32_t* offsets;       ///< [positions], of all positions
  std::int32_t* weights;       ///< [rows][positions], pairs of int16
  std::int32_t* list_offsets;  ///< [positions], of the positions in use (sparse)
  std::int32_t* list_weights;  ///< [rows][positions] (sparse)
  std::uint64_t* used;         ///< [ceil(positions / 64)], a bit per position (sparse)
  std::uint32_t* slots;     ///< [positions of the encoding], int16 index of a record's first weight (sparse)
  std::int8_t* input_rows;  ///< [4][input_row]: two channels' rows, one of padding, one of zeros
  std::int8_t* results;     ///< [rows][flat], rounded up to whole vectors
};

/// Sizes of those pieces for one level's vectors.
struct ConvSizes {
  std::uint32_t positions;  ///< pair positions of a weight row
  std::uint32_t slots;      ///< 0 for dense weights
  std::uint32_t rows;       ///< output channels per pass
  std::uint32_t stride;     ///< positions rounded up to whole vectors: from one row of weights to the next
  std::size_t planes;       ///< elements of all planes, slack for whole vectors included
  std::size_t input_row;    ///< bytes of one padded input row
  std::size_t results;      ///< bytes of one channel's results
};

/// `pairs` channel pairs are expanded at a time; `lanes` is the level's vector length.
ConvSizes conv_sizes(const Window&, const Grid&, std::uint32_t pairs, std::uint32_t slots, std::uint32_t rows,
                     std::uint32_t lanes);
ConvScratch place_scratch(const ConvSizes&, void* scratch);
/// Saturates: a size that no arena has.
std::uint32_t scratch_bytes(const ConvSizes&);

}  // namespace nsrt::host
