// Fully connected layers: inputs are widened to int16 once, then two units at a time take them (dot.S).
#include "kernels/m7/dot.h"
#include "kernels/m7/m7.h"
#include "kernels/m7/plan.h"
#include "kernels/requantise.h"

namespace nsrt::m7 {
namespace {

constexpr std::uint32_t kChunk = 1024;  // inputs widened at a time: 2 KB of stack
constexpr std::uint32_t kGroup = 16;    // units that share a widened chunk where there are several

void store(std::uint32_t unit, std::int32_t sum, const Requant& requant, std::int8_t* out8,
           std::int16_t* out16) {
  const RequantRow& rq = requant.rows[unit];
  const std::int32_t value = requant.output_zero_point + multiply_high_rounded(sum + rq.bias, rq.multiplier);
  if (out8 != nullptr) {
    out8[unit] = saturate_s8(value);
  } else {
    out16[unit] = saturate_s16(value);
  }
}

}  // namespace

void linear_s8(std::uint32_t inputs, std::uint32_t units, const std::int8_t* weights, const Requant& requant,
               const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  alignas(8) std::int16_t wide[kChunk];
  const std::uint32_t row_bytes = ceil_div(inputs, 4) * 4;
  const bool one_chunk = inputs <= kChunk;
  for (std::uint32_t first = 0; first < units; first += kGroup) {
    const std::uint32_t end = least(units, first + kGroup);
    std::int32_t sums[kGroup] = {};
    for (std::uint32_t at = 0; at < inputs; at += kChunk) {
      const std::uint32_t n = least(inputs - at, kChunk);
      if (first == 0 || !one_chunk) nsrt_m7_widen(wide, in + at, n);
      for (std::uint32_t unit = first; unit < end; unit += 2) {
        const std::int8_t* const row = weights + unit * row_bytes + at;
        std::int32_t* const sum = sums + (unit - first);
        const bool pair = unit + 1 < end;
        std::int32_t alone[2] = {sum[0], 0};
        std::int32_t* const to = pair ? sum : alone;
        nsrt_m7_dot_two_rows(wide, row, pair ? row + row_bytes : row, ceil_div(n, 4), to);
        sum[0] = to[0];
      }
    }
    for (std::uint32_t unit = first; unit < end; ++unit)
      store(unit, sums[unit - first], requant, out8, out16);
  }
}

}  // namespace nsrt::m7
