// Fully connected layers: inputs are widened to int16 once, then two units at a time take them (dot.S).
#include "kernels/m7/dot.h"
#include "kernels/m7/m7.h"
#include "kernels/m7/plan.h"

namespace nsrt::m7 {
namespace {

constexpr std::uint32_t kChunk = 1024;  // inputs widened at a time: 2 KB of stack
constexpr std::uint32_t kGroup = 16;    // units that share a widened chunk where there are several

}  // namespace

void linear_s8(std::uint32_t inputs, std::uint32_t units, const std::int8_t* weights, const Requant& requant,
               const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  alignas(8) std::int16_t wide[kChunk];
  const std::uint32_t row_bytes = ceil_div(inputs, 4) * 4;
  for (std::uint32_t first = 0; first < units; first += kGroup) {
    const std::uint32_t rows = least(units - first, kGroup);
    std::int32_t sums[kGroup] = {};
    for (std::uint32_t at = 0; at < inputs; at += kChunk) {
      const std::uint32_t n = least(inputs - at, kChunk), quads = ceil_div(n, 4);
      if (first == 0 || inputs > kChunk) nsrt_m7_widen(wide, in + at, n);
      DotRows dot{weights + first * row_bytes + at, row_bytes, quads, rows / 2, sums};
      if (dot.pairs != 0) nsrt_m7_dot_rows(wide, &dot);
      if (rows % 2 != 0) {  // the last row: as a pair with itself
        std::int32_t twice[2] = {*dot.sums, 0};
        DotRows last{dot.rows, 0, quads, 1, twice};
        nsrt_m7_dot_rows(wide, &last);
        *dot.sums = twice[0];
      }
    }
    for (std::uint32_t i = 0; i < rows; ++i) store_unit(first + i, sums[i], requant, out8, out16);
  }
}

}  // namespace nsrt::m7
