// Dot products of dot.S.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"

namespace nsrt::m7 {

/// Pairs of rows of int8 weights, row_bytes apart and at multiples of four bytes, over `quads` times four
/// inputs. The assembly moves on what it walks over.
struct DotRows {
  const std::int8_t* rows;
  std::uint32_t row_bytes, quads, pairs;
  std::int32_t* sums;  ///< of the rows: what they add to
};
struct LinearRows {
  const std::int8_t* rows;
  std::uint32_t row_bytes, quads, pairs;
  const RequantRow* requant;
  void* out;
  std::int32_t zero_point;
};

extern "C" {
/// Widens `count` int8 to int16 in the order 0 2 1 3 of every four, zero-filled to a multiple of four.
void nsrt_m7_widen(std::int16_t* to, const std::int8_t* from, std::uint32_t count);
/// … in their order, 4 · fours of them, at least one four.
void nsrt_m7_widen_pairs(std::int16_t* to, const std::int8_t* from, std::uint32_t fours);

void nsrt_m7_dot_rows(const std::int16_t* wide, DotRows*);
/// Requantised to int8 or int16.
void nsrt_m7_linear_rows(const std::int16_t* wide, LinearRows*);
void nsrt_m7_linear_rows_16(const std::int16_t* wide, LinearRows*);

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
