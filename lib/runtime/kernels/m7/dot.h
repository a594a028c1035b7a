// Dot products of dot.S.
#pragma once

#include <cstdint>

#include "kernels/kernels.h"
#include "kernels/requantise.h"

namespace nsrt::m7 {

extern "C" {
/// Widens `count` int8 to int16 in the order 0 2 1 3 of every four, zero-filled to a multiple of four.
void nsrt_m7_widen(std::int16_t* to, const std::int8_t* from, std::uint32_t count);
/// sums[2i], sums[2i + 1] += two rows · wide, for `pairs` pairs of rows of row_bytes each, over `quads` times
/// four values; rows at multiples of four bytes.
struct DotRows {
  const std::int8_t* rows;
  std::uint32_t row_bytes, quads, pairs;
  std::int32_t* sums;
};
void nsrt_m7_dot_rows(const std::int16_t* wide, DotRows*);
/// One unit of nested CSR: sum of weight · input over the first `levels` levels; *record moves behind them.
std::int32_t nsrt_m7_dot_ncsr_1(const std::int8_t* in, const std::uint16_t* counts, std::uint32_t levels,
                                const std::uint8_t** record);
std::int32_t nsrt_m7_dot_ncsr_2(const std::int8_t* in, const std::uint16_t* counts, std::uint32_t levels,
                                const std::uint8_t** record);
std::int32_t nsrt_m7_dot_ncsr_4(const std::int8_t* in, const std::uint16_t* counts, std::uint32_t levels,
                                const std::uint8_t** record);
}

/// Requantises one unit into whichever output is there.
inline void store_unit(std::uint32_t unit, std::int32_t sum, const Requant& requant, std::int8_t* out8,
                       std::int16_t* out16) {
  const RequantRow& rq = requant.rows[unit];
  const std::int32_t value = requant.output_zero_point + multiply_high_rounded(sum + rq.bias, rq.multiplier);
  if (out8 != nullptr) {
    out8[unit] = saturate_s8(value);
  } else {
    out16[unit] = saturate_s16(value);
  }
}

}  // namespace nsrt::m7
