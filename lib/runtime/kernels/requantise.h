// The one rounding rule of the packed model (docs/numerics.md).
#pragma once

#include <cstdint>

namespace nsrt {

/// floor(x·m / 2^32 + ½): SMMLAR's rounding.
inline std::int32_t multiply_high_rounded(std::int32_t x, std::int32_t m) {
  return static_cast<std::int32_t>((std::int64_t{x} * m + (std::int64_t{1} << 31)) >> 32);
}

inline std::int8_t saturate_s8(std::int32_t x) {
  return static_cast<std::int8_t>(x < -128 ? -128 : x > 127 ? 127 : x);
}
inline std::int16_t saturate_s16(std::int32_t x) {
  return static_cast<std::int16_t>(x < -32768 ? -32768 : x > 32767 ? 32767 : x);
}

inline std::int8_t requantise_s8(std::int32_t acc, std::int32_t bias, std::int32_t multiplier,
                                 std::int32_t zero_point) {
  return saturate_s8(zero_point + multiply_high_rounded(acc + bias, multiplier));
}

}  // namespace nsrt
