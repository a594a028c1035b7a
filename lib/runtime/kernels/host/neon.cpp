// Cortex-A: Advanced SIMD, which every Armv8-A core has.
#include "kernels/host/kernel_set.h"

#if defined(__aarch64__)
#include <arm_neon.h>

namespace nsrt::host {
namespace {

struct Neon {
  using Pairs = int16x8_t;  // four pixels, or four times one weight
  // Products of the same pixel lie side by side until the end: two SMLALs per step and no addition.
  struct Vec {
    int32x4_t low, high;
  };
  static constexpr int kLanes = 4;
  static constexpr int kChains = 2;
  // Sums, pixels and weights in 32 registers.
  static constexpr int kVectorsOfDenseRows = 3;
  static constexpr int kVectorsOfOneRow = 8;

  static Vec zero() { return {vdupq_n_s32(0), vdupq_n_s32(0)}; }
  static Pairs load(const std::int32_t* from) { return vreinterpretq_s16_s32(vld1q_s32(from)); }
  static Pairs broadcast(std::int32_t pair) { return vreinterpretq_s16_s32(vdupq_n_s32(pair)); }
  static void dot(Vec& acc, Pairs pairs, Pairs weight) {
    acc.low = vmlal_s16(acc.low, vget_low_s16(pairs), vget_low_s16(weight));
    acc.high = vmlal_high_s16(acc.high, pairs, weight);
  }
  static Vec add(Vec a, Vec b) { return {vaddq_s32(a.low, b.low), vaddq_s32(a.high, b.high)}; }

  static void store_pairs(std::int32_t* to, int8x16_t pairs) {
    vst1q_s32(to, vreinterpretq_s32_s16(vmovl_s8(vget_low_s8(pairs))));
    vst1q_s32(to + 4, vreinterpretq_s32_s16(vmovl_high_s8(pairs)));
  }
  static void store_pairs(std::int32_t* to, int8x8_t lo, int8x8_t hi) {
    store_pairs(to, vcombine_s8(vzip1_s8(lo, hi), vzip2_s8(lo, hi)));
  }

  static void expand(const std::int8_t* lo, const std::int8_t* hi, std::int32_t* dst, std::uint32_t columns,
                     std::uint32_t stride) {
    if (stride == 1) {
      for (std::uint32_t i = 0; i < columns; i += 8) store_pairs(dst + i, vld1_s8(lo + i), vld1_s8(hi + i));
    } else if (stride == 2) {
      for (std::uint32_t i = 0; i < columns; i += 8) {
        store_pairs(dst + i, vld2_s8(lo + 2 * i).val[0], vld2_s8(hi + 2 * i).val[0]);
      }
    } else {
      for (std::uint32_t i = 0; i < columns; ++i) {
        const std::size_t at = std::size_t{i} * stride;
        dst[i] = static_cast<std::int32_t>((lo[at] & 0xFFFFu) | static_cast<std::uint32_t>(hi[at]) << 16);
      }
    }
  }

  static int8x16_t in_pairs(int8x16_t quads) {
    constexpr std::uint8_t kOrder[16] = {0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15};
    return vqtbl1q_s8(quads, vld1q_u8(kOrder));
  }

  static void unpack_quads(const std::int8_t* quads, std::int32_t* dst, std::uint32_t positions) {
    std::uint32_t p = 0;
    for (; p + 8 <= positions; p += 8) store_pairs(dst + p, in_pairs(vld1q_s8(quads + 2 * p)));
    if (p < positions) {
      std::int8_t last[16] = {};
      std::memcpy(last, quads + 2 * p, (positions - p + 1) / 2 * 4);
      store_pairs(dst + p, in_pairs(vld1q_s8(last)));
    }
  }

  static void store_s8(std::int8_t* to, std::uint32_t count, Vec acc, std::int32_t bias,
                       std::int32_t multiplier, std::int32_t zero_point) {
    const int32x4_t sum = vaddq_s32(vpaddq_s32(acc.low, acc.high), vdupq_n_s32(bias));
    const int32x4_t m = vdupq_n_s32(multiplier);
    // RSHRN rounds as requantise.h does: floor(x·m / 2^32 + ½).
    const int32x2_t low = vrshrn_n_s64(vmull_s32(vget_low_s32(sum), vget_low_s32(m)), 32);
    const int32x4_t scaled = vrshrn_high_n_s64(low, vmull_high_s32(sum, m), 32);
    const int16x4_t words = vqmovn_s32(vaddq_s32(scaled, vdupq_n_s32(zero_point)));
    const int8x8_t bytes = vqmovn_s16(vcombine_s16(words, words));
    if (count == kLanes) {
      std::memcpy(to, &bytes, kLanes);
    } else {
      std::memcpy(to, &bytes, count);
    }
  }
};

}  // namespace

const KernelSet* neon_kernels() {
  return &kKernels<Neon>;
}

}  // namespace nsrt::host
#else
const nsrt::KernelSet* nsrt::host::neon_kernels() {
  return nullptr;
}
#endif
