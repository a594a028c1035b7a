// Requantisation in the M7's own instructions; the rule is that of kernels/requantise.h.
#pragma once

#include "kernels/kernels.h"

namespace nsrt::m7 {

/// saturate(zero_point + floor(x·m / 2^32 + ½)) to kBits.
template <int kBits>
std::int32_t requantise(std::int32_t x, std::int32_t m, std::int32_t zero_point) {
  std::int32_t result;
  asm("smmlar %0, %1, %2, %3\n\tssat %0, %4, %0"
      : "=r"(result)
      : "r"(x), "r"(m), "r"(zero_point), "i"(kBits));
  return result;
}

/// One unit of a linear layer into whichever output is there.
inline void store_unit(std::uint32_t unit, std::int32_t sum, const Requant& requant, std::int8_t* out8,
                       std::int16_t* out16) {
  const RequantRow& rq = requant.rows[unit];
  const std::int32_t x = sum + rq.bias, zero_point = requant.output_zero_point;
  if (out8 != nullptr) {
    out8[unit] = static_cast<std::int8_t>(requantise<8>(x, rq.multiplier, zero_point));
  } else {
    out16[unit] = static_cast<std::int16_t>(requantise<16>(x, rq.multiplier, zero_point));
  }
}

}  // namespace nsrt::m7
