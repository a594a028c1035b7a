// What the assembly of tiles.S reads while it runs one output row (or two) over all tiles of a strip.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/m7/plan.h"

namespace nsrt::m7 {

/// A tile: where the stack pointer stands while it is computed, and where its outputs lie from Control::out
/// on. The list ends with stack = 0.
struct Tile {
  std::uint32_t stack;
  std::uint32_t out;
};

/// Lies right behind the list of decoded weights. Offsets are known to tiles.S.
struct Control {
  std::int32_t output_zero_point;
  std::int32_t multiplier;
  std::int32_t second_multiplier;  ///< two pixels: what the low lane adds instead
  std::int8_t* out;
  const Tile* tile;
  std::uint32_t first;    ///< address of the first decoded weight's words
  std::int32_t start[8];  ///< sums at the start
  const void* list;       ///< first decoded weight; to continue: &first
  const void*
      code;  ///< where to enter the unrolled code, counted from one of its ends; to continue: the reload
  std::uint32_t second_out;  ///< bytes from an output to that of the word's other half, or of the second row
  std::int32_t* sums_out;    ///< where sums are stored
  const std::int32_t* sums_in;  ///< where sums are reloaded
  const void* list_then;        ///< `list`, `code` and `first` after a reload
  const void* code_then;
  std::uint32_t saved_stack;
  std::uint32_t highest_stack;  ///< of all tiles: must not lie above the caller's stack pointer
  std::uint32_t first_then;
};
static_assert(sizeof(Control) <= kControlBytes);
#ifdef __arm__
static_assert(offsetof(Control, first) == 20 && offsetof(Control, list) == 56 &&
              offsetof(Control, second_out) == 64 && offsetof(Control, first_then) == 92);
#endif

/// Decoded weights. Addresses are relative to the stack pointer, see tiles.S.
struct ScalarEntry {
  std::int32_t weight;  ///< · 2^8
  std::uint32_t address;
};
struct PairEntry {
  std::uint32_t first, second;  ///< two int16 weights each, of two rows
  std::uint32_t address;
};

extern "C" {
void nsrt_m7_two_pixels(Control*);  ///< one output row, words of two pixels
void nsrt_m7_two_rows(Control*);    ///< two output rows, words of two channels
// The unrolled code of the last entry, with requantisation behind it and without, and the reload of sums.
// Lists hold at least one entry.
extern const char nsrt_m7_two_pixels_last[], nsrt_m7_two_pixels_part_last[], nsrt_m7_two_pixels_reload[];
extern const char nsrt_m7_two_rows_last[], nsrt_m7_two_rows_part_last[], nsrt_m7_two_rows_reload[];
// Bytes of code per entry, as addresses.
extern const char nsrt_m7_two_pixels_entry_bytes[], nsrt_m7_two_rows_entry_bytes[];
/// `quads` of two rows, for the positions whose words are origin + taps[…]: 2 · quads entries.
void nsrt_m7_widen_quads(PairEntry* to, const std::int8_t* first, const std::int8_t* second,
                         const std::uint16_t* taps, std::uint32_t quads, std::uint32_t origin);
void nsrt_m7_move_words(std::uint32_t* to, const std::uint32_t* from, std::uint32_t words);  ///< to < from
}

}  // namespace nsrt::m7
