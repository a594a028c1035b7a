// Dot products of dot.S.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace nsrt::m7 {

/// Pairs of rows of int8 weights, row_bytes apart and at multiples of four bytes, over `quads` times four
/// inputs. The assembly moves on what it walks over.
struct LinearRows {
  const std::int8_t* rows;
  std::uint32_t row_bytes, quads, pairs;
  const std::int32_t* from;  ///< what a row's products are added to
  std::uint32_t from_step;   ///< bytes to that of the next row
  const char* finish;        ///< one of those below
  void* out;
  std::int32_t zero_point;
};

extern "C" {
/// Widens `count` int8 to int16 in the order 0 2 1 3 of every four, zero-filled to a multiple of four.
void nsrt_m7_widen(std::int16_t* to, const std::int8_t* from, std::uint32_t count);
/// … in their order, 4 · fours of them, at least one four.
void nsrt_m7_widen_pairs(std::int16_t* to, const std::int8_t* from, std::uint32_t fours);

void nsrt_m7_linear_rows(const std::int16_t* wide, LinearRows*);
// What it does with two sums: back to `from`, or, from being the biases of RequantRows, to int8 or int16.
extern const char nsrt_m7_linear_sums[], nsrt_m7_linear_s8[], nsrt_m7_linear_s16[];

/// A unit of nested CSR with blocks of 1, 2, 4: sum of weight · input over its first `levels` levels, at
/// least one; *record moves behind them.
std::int32_t nsrt_m7_dot_ncsr_1(const void* in, const std::uint16_t* counts, std::uint32_t levels,
                                const std::uint8_t** record);
std::int32_t nsrt_m7_dot_ncsr_2(const void* in, const std::uint16_t* counts, std::uint32_t levels,
                                const std::uint8_t** record);
std::int32_t nsrt_m7_dot_ncsr_4(const void* in, const std::uint16_t* counts, std::uint32_t levels,
                                const std::uint8_t** record);
/// Blocks of 2, inputs widened in their order.
std::int32_t nsrt_m7_dot_ncsr_2_wide(const void* in, const std::uint16_t* counts, std::uint32_t levels,
                                     const std::uint8_t** record);
}

}  // namespace nsrt::m7
