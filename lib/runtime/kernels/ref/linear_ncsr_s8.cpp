#include "kernels/ref/ncsr_walk.h"
#include "kernels/ref/ref.h"

namespace nsrt::ref {

void linear_ncsr_s8(std::uint32_t inputs, std::uint32_t units, const NestedCsr& csr, const Requant& requant,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  NcsrRows rows(csr);
  for (std::uint32_t unit = 0; unit < units; ++unit, rows.next_row()) {
    std::int32_t acc = 0;
    rows.visit_row([&](std::uint32_t position, const std::int8_t* weights) {
      const std::uint32_t first = position * csr.block;
      for (std::uint32_t i = 0; i < csr.block && first + i < inputs; ++i) acc += weights[i] * in[first + i];
    });
    store_unit(unit, acc, requant, out8, out16);
  }
}

}  // namespace nsrt::ref
