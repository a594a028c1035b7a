#include "kernels/ref/ncsr_walk.h"
#include "kernels/ref/nested.h"

namespace nsrt::ref {

void linear_ncsr_s8(std::uint32_t inputs, std::uint32_t units, const NestedCsr& csr, const Requant& requant,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  linear_nested(inputs, units, NcsrRows(csr), requant, in, out8, out16);
}

}  // namespace nsrt::ref
