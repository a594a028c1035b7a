// Fully connected layers with Rice-coded nested weights: small rather than fast, for every record serves one
// multiplication per weight only.
#include "kernels/m7/m7.h"
#include "kernels/m7/store_unit.h"
#include "kernels/rice.h"

namespace nsrt::m7 {

void linear_rice_s8(std::uint32_t inputs, std::uint32_t units, const NestedRice& rice, const Requant& requant,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  RiceRows rows(rice);
  for (std::uint32_t unit = 0; unit < units; ++unit) {
    std::int32_t sum = 0;
    rows.take_row([&](std::uint32_t position, const std::int8_t* weights) {
      const std::uint32_t first = position * rice.block;
      for (std::uint32_t i = 0; i < rice.block && first + i < inputs; ++i) sum += weights[i] * in[first + i];
    });
    store_unit(unit, sum, requant, out8, out16);
  }
}

}  // namespace nsrt::m7
