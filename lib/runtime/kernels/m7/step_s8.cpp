#include <cstring>

#include "kernels/m7/binary.h"
#include "kernels/m7/m7.h"

namespace nsrt::m7 {

std::uint32_t levels_of(HalfwordPairs values, const std::int16_t* row, std::uint32_t count) {
  const std::uint32_t flip = static_cast<std::uint32_t>(*row) * 0x01010101u;
  std::uint32_t passed = 0;
  for (const std::int16_t* const end = row + count; row != end;) {
    // SSUB16 notes for every half whether it was ≥ 0, before it lost a bit; SEL reads that.
    std::uint32_t even, odd;
    asm("ssub16 %0, %2, %4\n\tsel %0, %5, %6\n\tssub16 %1, %3, %4\n\tsel %1, %5, %6"
        : "=&r"(even), "=&r"(odd)
        : "r"(values.even), "r"(values.odd),
          "r"(static_cast<std::uint32_t>(static_cast<std::uint16_t>(*++row)) * 0x00010001u), "r"(0x00010001u),
          "r"(0));
    passed += even + (odd << 8);
  }
  return passed ^ flip;
}

void step_s8(std::uint32_t channels, std::uint32_t pixels, const Steps& steps, const std::int8_t* in,
             std::int8_t* out) {
  const std::int16_t* row = steps.rows;
  for (; channels > 0; --channels, row += steps.count + 1) {
    for (std::uint32_t left = pixels; left > 0;) {
      const std::uint32_t count = left < 4 ? left : 4;
      std::uint32_t word = 0;
      HalfwordPairs values;
      std::memcpy(&word, in, count);
      asm("sxtb16 %0, %2\n\tsxtb16 %1, %2, ror #8" : "=&r"(values.even), "=r"(values.odd) : "r"(word));
      word = levels_of(values, row, steps.count);
      std::memcpy(out, &word, count);
      in += count;
      out += count;
      left -= count;
    }
  }
}

}  // namespace nsrt::m7
