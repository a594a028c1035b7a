// Fully connected layers with nested sparse weights.
#include "kernels/m7/m7.h"
#include "kernels/requantise.h"

namespace nsrt::m7 {
namespace {

template <std::uint32_t kBlock>
void run(std::uint32_t units, const NestedCsr& csr, const Requant& requant, const std::int8_t* in,
         std::int8_t* out8, std::int16_t* out16) {
  const std::uint16_t* counts = csr.counts;
  const auto* record = reinterpret_cast<const std::int8_t*>(csr.records);
  for (std::uint32_t unit = 0; unit < units; ++unit) {
    std::int32_t sum = requant.rows[unit].bias;
    for (std::uint32_t level = 1; level <= csr.levels; ++level) {
      const std::uint32_t count = *counts++;
      if (level > csr.subnet) {
        record += count * (1 + kBlock);
        continue;
      }
      const std::int8_t* x = in;
      for (std::uint32_t i = 0; i < count; ++i, record += 1 + kBlock) {
        x += static_cast<std::uint8_t>(record[0]) * kBlock;
        for (std::uint32_t j = 0; j < kBlock; ++j) sum += record[1 + j] * x[j];
      }
    }
    const std::int32_t value =
        requant.output_zero_point + multiply_high_rounded(sum, requant.rows[unit].multiplier);
    if (out8 != nullptr) {
      out8[unit] = saturate_s8(value);
    } else {
      out16[unit] = saturate_s16(value);
    }
  }
}

}  // namespace

void linear_ncsr_s8(std::uint32_t, std::uint32_t units, const NestedCsr& csr, const Requant& requant,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  switch (csr.block) {
    case 1:
      return run<1>(units, csr, requant, in, out8, out16);
    case 2:
      return run<2>(units, csr, requant, in, out8, out16);
    default:
      return run<4>(units, csr, requant, in, out8, out16);
  }
}

}  // namespace nsrt::m7
