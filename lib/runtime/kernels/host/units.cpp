// What is the same at every level: compiled once, without any instruction-set flag.
#include "kernels/host/rows.h"
#include "kernels/requantise.h"
#include "kernels/rice.h"

namespace nsrt::host {

void store_units(std::uint32_t first, std::uint32_t count, const std::int32_t* sums, const Requant& requant,
                 std::int8_t* out8, std::int16_t* out16) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const RequantRow& rq = requant.rows[first + i];
    const std::int32_t value =
        requant.output_zero_point + multiply_high_rounded(sums[i] + rq.bias, rq.multiplier);
    if (out8 != nullptr) {
      out8[first + i] = saturate_s8(value);
    } else {
      out16[first + i] = saturate_s16(value);
    }
  }
}

std::int8_t average(std::int32_t sum, const PoolRequant& requant) {
  const std::int32_t scaled =
      multiply_high_rounded((sum + requant.bias) << requant.left_shift, requant.multiplier);
  return saturate_s8(requant.output_zero_point + scaled);
}

void linear_rice_s8(std::uint32_t inputs, std::uint32_t units, const NestedRice& rice, const Requant& requant,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  RiceRows rows(rice);
  for (std::uint32_t unit = 0; unit < units; ++unit) {
    std::int32_t sum = 0;
    rows.take_row([&](std::uint32_t position, const std::int8_t* weights) {
      const std::uint32_t first = position * rice.block;
      for (std::uint32_t i = 0; i < rice.block && first + i < inputs; ++i) sum += weights[i] * in[first + i];
    });
    store_units(unit, 1, &sum, requant, out8, out16);
  }
}

void linear_ncsr_s8(std::uint32_t inputs, std::uint32_t units, const NestedCsr& csr, const Requant& requant,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  const std::uint16_t* counts = csr.counts;
  const std::uint8_t* record = csr.records;
  const std::uint32_t step = 1u + csr.block;
  for (std::uint32_t unit = 0; unit < units; ++unit, counts += csr.levels) {
    std::int32_t sum = 0;
    for (std::uint32_t level = 0; level < csr.levels; ++level) {
      if (level >= csr.subnet) {
        record += std::size_t{counts[level]} * step;
        continue;
      }
      std::uint32_t first = 0;
      for (std::uint32_t n = counts[level]; n != 0; --n, record += step) {
        first += record[0] * csr.block;
        const std::uint32_t used = inputs - first < csr.block ? inputs - first : csr.block;
        for (std::uint32_t i = 0; i < used; ++i)
          sum += static_cast<std::int8_t>(record[1 + i]) * in[first + i];
      }
    }
    store_units(unit, 1, &sum, requant, out8, out16);
  }
}

}  // namespace nsrt::host
