// Fully connected layers: inputs are widened to int16 once, then two units at a time take them (dot.S).
#include "kernels/m7/dot.h"
#include "kernels/m7/m7.h"
#include "kernels/m7/plan.h"
#include "kernels/m7/store_unit.h"

namespace nsrt::m7 {
namespace {

constexpr std::uint32_t kChunk = 1024;  // inputs widened at a time: 2 KB of stack
constexpr std::uint32_t kGroup = 16;    // units that share a widened chunk where there are several

// All inputs fit into one chunk: dot.S requantises.
void linear_one_chunk(std::uint32_t inputs, std::uint32_t units, const std::int8_t* weights,
                      const Requant& requant, const std::int16_t* wide, std::int8_t* out8,
                      std::int16_t* out16) {
  const std::uint32_t quads = ceil_div(inputs, 4);
  LinearRows rows{weights,
                  quads * 4,
                  quads,
                  units / 2,
                  &requant.rows->bias,
                  sizeof(RequantRow),
                  out8 != nullptr ? nsrt_m7_linear_s8 : nsrt_m7_linear_s16,
                  out8 != nullptr ? static_cast<void*>(out8) : out16,
                  requant.output_zero_point};
  if (rows.pairs != 0) nsrt_m7_linear_rows(wide, &rows);
  if (units % 2 == 0) return;
  // The last unit: as a pair with itself.
  const RequantRow twice[2] = {requant.rows[units - 1], requant.rows[units - 1]};
  std::int16_t results[2];
  rows.row_bytes = 0;
  rows.pairs = 1;
  rows.from = &twice->bias;
  rows.out = results;
  nsrt_m7_linear_rows(wide, &rows);
  if (out8 != nullptr) {
    out8[units - 1] = static_cast<std::int8_t>(results[0]);
  } else {
    out16[units - 1] = results[0];
  }
}

}  // namespace

void linear_s8(std::uint32_t inputs, std::uint32_t units, const std::int8_t* weights, const Requant& requant,
               const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  alignas(8) std::int16_t wide[kChunk];
  if (inputs <= kChunk) {
    nsrt_m7_widen(wide, in, inputs);
    return linear_one_chunk(inputs, units, weights, requant, wide, out8, out16);
  }
  const std::uint32_t row_bytes = ceil_div(inputs, 4) * 4;
  for (std::uint32_t first = 0; first < units; first += kGroup) {
    const std::uint32_t rows = least(units - first, kGroup);
    std::int32_t sums[kGroup + 1] = {};
    for (std::uint32_t at = 0; at < inputs; at += kChunk) {
      const std::uint32_t n = least(inputs - at, kChunk);
      nsrt_m7_widen(wide, in + at, n);
      LinearRows dot{weights + first * row_bytes + at,
                     row_bytes,
                     ceil_div(n, 4),
                     rows / 2,
                     sums,
                     4,
                     nsrt_m7_linear_sums};
      if (dot.pairs != 0) nsrt_m7_linear_rows(wide, &dot);
      if (rows % 2 == 0) continue;
      dot.row_bytes = 0;  // the last one with itself; the second sum is not used
      dot.pairs = 1;
      nsrt_m7_linear_rows(wide, &dot);
    }
    for (std::uint32_t i = 0; i < rows; ++i) store_unit(first + i, sums[i], requant, out8, out16);
  }
}

}  // namespace nsrt::m7
