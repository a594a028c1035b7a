// Fully connected layers with nested sparse weights.
#include "kernels/m7/dot.h"
#include "kernels/m7/m7.h"
#include "kernels/m7/plan.h"
#include "kernels/m7/store_unit.h"

namespace nsrt::m7 {
namespace {

constexpr std::uint32_t kMostWide = 1024;  // inputs widened on the stack, 2 KB

using Dot = std::int32_t (*)(const void*, const std::uint16_t*, std::uint32_t, const std::uint8_t**);

void run(Dot dot, const void* in, std::uint32_t units, const NestedCsr& csr, const Requant& requant,
         std::int8_t* out8, std::int16_t* out16) {
  const std::uint16_t* counts = csr.counts;
  const std::uint8_t* record = csr.records;
  for (std::uint32_t unit = 0; unit < units; ++unit, counts += csr.levels) {
    store_unit(unit, dot(in, counts, csr.subnet, &record), requant, out8, out16);
    for (std::uint32_t level = csr.subnet; level < csr.levels; ++level)
      record += counts[level] * (1u + csr.block);
  }
}

}  // namespace

void linear_ncsr_s8(std::uint32_t inputs, std::uint32_t units, const NestedCsr& csr, const Requant& requant,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  if (csr.block == 2 && inputs <= kMostWide) {
    std::int16_t wide[kMostWide];
    nsrt_m7_widen_pairs(wide, in, ceil_div(inputs, 4));
    return run(nsrt_m7_dot_ncsr_2_wide, wide, units, csr, requant, out8, out16);
  }
  run(csr.block == 1   ? nsrt_m7_dot_ncsr_1
      : csr.block == 2 ? nsrt_m7_dot_ncsr_2
                       : nsrt_m7_dot_ncsr_4,
      in, units, csr, requant, out8, out16);
}

}  // namespace nsrt::m7
