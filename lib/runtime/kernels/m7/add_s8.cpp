#include <cstring>

#include "kernels/m7/m7.h"
#include "kernels/requantise.h"

namespace nsrt::m7 {

void add_s8(std::uint32_t count, const AddRequant& requant, const std::int8_t* a, const std::int8_t* b,
            std::int8_t* out) {
  const std::int32_t m0 = requant.m0, m1 = requant.m1, bias = requant.bias;
  const std::uint32_t shift = requant.shift;
  for (; count >= 4; count -= 4, a += 4, b += 4, out += 4) {
    std::uint32_t qa, qb, result;
    std::memcpy(&qa, a, 4);
    std::memcpy(&qb, b, 4);
    std::uint32_t a13, b13, s0, s1, s2;
    // Pixels 0 and 2 in one word, 1 and 3 in the other; SMLABB takes the low, SMLATB the high one.
    asm("sxtb16 %[a13], %[qa], ror #8\n\t"
        "sxtb16 %[b13], %[qb], ror #8\n\t"
        "sxtb16 %[qa], %[qa]\n\t"
        "sxtb16 %[qb], %[qb]\n\t"
        "smlabb %[s0], %[qa], %[m0], %[bias]\n\t"
        "smlabb %[s1], %[a13], %[m0], %[bias]\n\t"
        "smlatb %[s2], %[qa], %[m0], %[bias]\n\t"
        "smlatb %[r], %[a13], %[m0], %[bias]\n\t"
        "smlabb %[s0], %[qb], %[m1], %[s0]\n\t"
        "smlabb %[s1], %[b13], %[m1], %[s1]\n\t"
        "smlatb %[s2], %[qb], %[m1], %[s2]\n\t"
        "smlatb %[r], %[b13], %[m1], %[r]\n\t"
        : [qa] "+r"(qa), [qb] "+r"(qb), [a13] "=&r"(a13), [b13] "=&r"(b13), [s0] "=&r"(s0), [s1] "=&r"(s1),
          [s2] "=&r"(s2), [r] "=&r"(result)
        : [m0] "r"(m0), [m1] "r"(m1), [bias] "r"(bias));
    out[0] = saturate_s8(static_cast<std::int32_t>(s0) >> shift);
    out[1] = saturate_s8(static_cast<std::int32_t>(s1) >> shift);
    out[2] = saturate_s8(static_cast<std::int32_t>(s2) >> shift);
    out[3] = saturate_s8(static_cast<std::int32_t>(result) >> shift);
  }
  for (; count > 0; --count) *out++ = saturate_s8((*a++ * m0 + *b++ * m1 + bias) >> shift);
}

}  // namespace nsrt::m7
