#include "kernels/ref/ref.h"

namespace nsrt::ref {

void linear_s8(std::uint32_t inputs, std::uint32_t units, const std::int8_t* weights, const Requant& requant,
               const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  const std::size_t row_bytes = (std::size_t{inputs} + 3) / 4 * 4;
  for (std::uint32_t unit = 0; unit < units; ++unit) {
    const std::int8_t* row = weights + unit * row_bytes;
    std::int32_t acc = 0;
    for (std::uint32_t i = 0; i < inputs; ++i) acc += row[i] * in[i];
    store_unit(unit, acc, requant, out8, out16);
  }
}

}  // namespace nsrt::ref
