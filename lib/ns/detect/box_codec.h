// A box as its difference from a default box (SSD, equation 2, with the usual variances 0.1 and 0.2).
#pragma once

#include <array>

#include "ns/detect/box.h"

namespace ns::detect {

inline constexpr float kCentreVariance = 0.1f, kSizeVariance = 0.2f;

/// dx, dy of the centres in parts of 0.1 of the default box's width and height; dw, dh: natural logarithms of
/// the ratios of widths and heights in parts of 0.2.
using BoxCode = std::array<float, 4>;

/// Both boxes need an area.
BoxCode encode(const Box& box, const Box& default_box);
/// The inverse; dw and dh count up to ±30, so that no code gives an infinite box.
Box decode(const BoxCode& code, const Box& default_box);

}  // namespace ns::detect
