// Fully connected layers with nested sparse weights.
#include "kernels/m7/dot.h"
#include "kernels/m7/m7.h"
#include "kernels/requantise.h"

namespace nsrt::m7 {

void linear_ncsr_s8(std::uint32_t, std::uint32_t units, const NestedCsr& csr, const Requant& requant,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  const auto dot = csr.block == 1   ? nsrt_m7_dot_ncsr_1
                   : csr.block == 2 ? nsrt_m7_dot_ncsr_2
                                    : nsrt_m7_dot_ncsr_4;
  const std::uint16_t* counts = csr.counts;
  const std::uint8_t* record = csr.records;
  for (std::uint32_t unit = 0; unit < units; ++unit, counts += csr.levels) {
    store_unit(unit, dot(in, counts, csr.subnet, &record), requant, out8, out16);
    for (std::uint32_t level = csr.subnet; level < csr.levels; ++level)
      record += counts[level] * (1u + csr.block);
  }
}

}  // namespace nsrt::m7
