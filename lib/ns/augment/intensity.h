// Brightness and contrast of 8-bit images. Saturating; in and out may be the same memory.
#pragma once

#include <cstdint>
#include <span>

namespace ns::augment {

/// out = in + 255·amount, rounded; amount −1 … 1.
void brighten(std::span<const std::uint8_t> in, double amount, std::span<std::uint8_t> out);

/// out = pivot + factor·(in − pivot), rounded; factor ≥ 0.
void stretch_contrast(std::span<const std::uint8_t> in, double factor, double pivot,
                      std::span<std::uint8_t> out);

}  // namespace ns::augment
