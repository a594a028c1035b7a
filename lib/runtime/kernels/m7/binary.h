// Binary convolution on the M7: run-time tables of partial sums ("four Russians"; Arlazarov et al. 1970). For
// four input channels at one tap, all sixteen sums of their levels are laid down once, for sixteen pixels in
// byte lanes; every filter then picks one per nibble of its weights: four loads and additions for 64 MACs.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace nsrt::m7 {

constexpr std::uint32_t kTilePixels = 16;  // two octets, each of one output row
constexpr std::uint32_t kTableBytes = 16 * kTilePixels;
constexpr std::uint32_t kChunkWords = 4;  // words of weights that tables are there for at a time
constexpr std::uint32_t kFilterSums = 8;  // words of two int16 sums per filter and tile

/// Where the pieces of the scratch lie: tables, sums of all filters and of a filter that is +1 everywhere,
/// and the levels of one group where they do not lie together in the input.
struct BinaryPlan {
  std::uint32_t sums_at, group_at, bytes;
};
constexpr BinaryPlan plan_binary(const Window& w) {
  const std::uint32_t words = binary_row_words(w);
  const std::uint32_t sums_at = (words < kChunkWords ? words : kChunkWords) * 8 * kTableBytes;
  const std::uint32_t group_at = sums_at + (w.co + 1u) * kFilterSums * 4;
  return {sums_at, group_at, group_at + 32};
}

/// Four values as the even and the odd bytes of a word, widened to int16.
struct HalfwordPairs {
  std::uint32_t even, odd;
};
/// The levels of four values, a byte each. `row` as in Steps.
std::uint32_t levels_of(HalfwordPairs values, const std::int16_t* row, std::uint32_t count);

extern "C" {
/// Adds what `words` words of weights pick from the tables to the sums of `rows` filters; `row_bytes` from
/// one filter's weights to the next (binary.S).
void nsrt_m7_binary_rows(const std::uint8_t* tables, const std::uint32_t* weights, std::uint32_t* sums,
                         std::uint32_t rows, std::uint32_t words, std::uint32_t row_bytes);
}

}  // namespace nsrt::m7
