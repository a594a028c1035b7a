// Dot products of dot.S.
#pragma once

#include <cstdint>

namespace nsrt::m7 {

extern "C" {
/// Widens `count` int8 to int16 in the order 0 2 1 3 of every four, zero-filled to a multiple of four.
void nsrt_m7_widen(std::int16_t* to, const std::int8_t* from, std::uint32_t count);
/// sums[0] += a · wide, sums[1] += b · wide over `quads` times four values; a and b at multiples of four
/// bytes.
void nsrt_m7_dot_two_rows(const std::int16_t* wide, const std::int8_t* a, const std::int8_t* b,
                          std::uint32_t quads, std::int32_t* sums);
}

}  // namespace nsrt::m7
