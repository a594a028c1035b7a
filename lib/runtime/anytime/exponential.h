// Exponential and logarithm in integers, from tables: the runtime has no libm, and host and board must agree.
#pragma once

#include <cstdint>

namespace nsrt {

inline constexpr std::uint32_t kOne = 65536;  ///< 1.0 of probabilities

/// round(65536·exp(−x/256)) within ±2, for x ≥ 0 in units of 1/256; 0 from about x = 12·256 on.
std::uint32_t exp_of_minus(std::uint32_t x);

/// round(65536·ln(x)) within ±3, for x ≥ 1.
std::uint32_t ln(std::uint32_t x);

}  // namespace nsrt
