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
  std::uint32_t first;       ///< address of the first decoded weight's words
  std::int32_t start[8];     ///< sums at the start
  const void* list;          ///< first decoded weight; to continue: &first
  const char* code;          ///< where to enter the unrolled code; to continue: the reload
  std::uint32_t tile_out;    ///< of the tile that is computed
  const Tile* tile;          ///< the next one
  std::uint32_t second_out;  ///< bytes from an output to that of the word's other half, or of the second row
  std::int32_t* sums;        ///< where sums are stored and reloaded
  std::uint32_t finish;      ///< what follows a tile's last entry: bits below
  const void* list_then;     ///< `list` and `code` after a reload
  const char* code_then;
  std::uint32_t saved_stack;
  std::uint32_t highest_stack;  ///< of all tiles: must not lie above the caller's stack pointer
};
static_assert(sizeof(Control) <= kControlBytes);
#ifdef __arm__
static_assert(offsetof(Control, first) == 16 && offsetof(Control, list) == 52 &&
              offsetof(Control, tile) == 64 && offsetof(Control, finish) == 76);
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
// The unrolled code of the last entry, and the reload of sums, before the last list of a row and before
// others. Lists hold at least one entry.
extern const char nsrt_m7_two_pixels_last[], nsrt_m7_two_pixels_reload_last[], nsrt_m7_two_pixels_reload[];
extern const char nsrt_m7_two_rows_last[], nsrt_m7_two_rows_reload_last[], nsrt_m7_two_rows_reload[];
// Bytes of code per entry, as addresses.
extern const char nsrt_m7_two_pixels_entry_bytes[], nsrt_m7_two_rows_entry_bytes[];
/// `quads` of two rows, for the positions whose words lie at origin + 4 · taps[…]: 2 · quads entries.
void nsrt_m7_widen_quads(PairEntry* to, const std::int8_t* first, const std::int8_t* second,
                         const std::uint16_t* taps, std::uint32_t quads, std::uint32_t origin);
void nsrt_m7_move_words(std::uint32_t* to, const std::uint32_t* from, std::uint32_t words);  ///< to < from
}

// Control::finish, the upper ones being the flags Z, C and V.
constexpr std::uint32_t kNothingElse = 1u << 30;  ///< than outputs, after one run
constexpr std::uint32_t kTwice = 1u << 29;
constexpr std::uint32_t kStoreSums = 1u << 28;  ///< instead of outputs

/// The code of one of the two functions.
struct TileCode {
  const char *last, *reload_last, *reload, *entry_bytes;
  std::uint32_t unrolled;  ///< entries: longer lists run the code twice

  /// Sets the list of `entries`, whose first one reads `first`, and what follows: outputs after the
  /// `last_part` of a row, else sums. All but the first part go on from the sums of the part before.
  void set_list(Control& c, const void* list, std::uint32_t first, std::uint32_t entries, bool first_part,
                bool last_part) const;
};
extern const TileCode kTwoPixels, kTwoRows;

}  // namespace nsrt::m7
