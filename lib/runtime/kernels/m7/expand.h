// Rows of planar int8 to the words of a strip (plan.h).
#pragma once

#include "kernels/m7/plan.h"

namespace nsrt::m7 {

/// One input row of one channel to words of two pixels, (q_low + 128) + 2^24·q_high: low is the pixel under
/// output column x0 + i, high the one `distance` output columns to its right. `row` null: padding.
void expand_pixels(const Plan& plan, std::uint32_t x0, std::uint32_t distance, const std::int8_t* row,
                   std::int8_t padding, std::uint32_t* to);

/// One input row of two channels to words of two int16.
void expand_channels(const Plan& plan, std::uint32_t x0, const std::int8_t* first, const std::int8_t* second,
                     std::int8_t padding, std::uint32_t* to);

}  // namespace nsrt::m7
