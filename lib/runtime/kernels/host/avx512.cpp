// Compiled with AVX-512 F, BW, VL and VNNI where the compiler has them; runs only after the CPU said so.
#include "kernels/host/kernel_set.h"

#if defined(__AVX512VNNI__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#include <immintrin.h>

namespace nsrt::host {
namespace {

struct Avx512 {
  using Vec = __m512i;
  using Pairs = Vec;
  static constexpr int kLanes = 16;
  static constexpr int kChains = 1;
  static constexpr int kVectorsOfDenseRows = 6;
  static constexpr int kVectorsOfOneRow = 16;

  static Vec zero() { return _mm512_setzero_si512(); }
  static Vec load(const std::int32_t* from) { return _mm512_loadu_si512(from); }
  static Vec broadcast(std::int32_t x) { return _mm512_set1_epi32(x); }
  // In assembly, for GCC 12 moves the intrinsic's accumulator to another register and back.
  static void dot(Vec& acc, Vec pairs, Vec weight) {
    asm("vpdpwssd %2, %1, %0" : "+v"(acc) : "v"(pairs), "v"(weight));
  }

  static Vec add(Vec a, Vec b) { return _mm512_add_epi32(a, b); }

  static __m128i load16(const std::int8_t* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }
  static __m256i load32(const std::int8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static __m512i even_bytes(__m256i x) {
    return _mm512_cvtepu16_epi32(_mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8));
  }

  static void expand(const std::int8_t* lo, const std::int8_t* hi, std::int32_t* dst, std::uint32_t columns,
                     std::uint32_t stride) {
    if (stride == 1) {
      for (std::uint32_t i = 0; i < columns; i += kLanes) {
        const __m128i a = load16(lo + i), b = load16(hi + i);
        const __m256i both = _mm256_set_m128i(_mm_unpackhi_epi8(a, b), _mm_unpacklo_epi8(a, b));
        _mm512_storeu_si512(dst + i, _mm512_cvtepi8_epi16(both));
      }
    } else if (stride == 2) {
      for (std::uint32_t i = 0; i < columns; i += kLanes) {
        const __m512i a = even_bytes(load32(lo + 2 * i)), b = even_bytes(load32(hi + 2 * i));
        _mm512_storeu_si512(dst + i, _mm512_or_si512(a, _mm512_slli_epi32(b, 16)));
      }
    } else {
      for (std::uint32_t i = 0; i < columns; ++i) {
        const std::size_t at = std::size_t{i} * stride;
        dst[i] = static_cast<std::int32_t>((lo[at] & 0xFFFFu) | static_cast<std::uint32_t>(hi[at]) << 16);
      }
    }
  }

  static __m512i unpack(__m256i quads) {
    const __m256i order =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15));
    return _mm512_cvtepi8_epi16(_mm256_shuffle_epi8(quads, order));
  }

  static void unpack_quads(const std::int8_t* quads, std::int32_t* dst, std::uint32_t positions) {
    std::uint32_t p = 0;
    for (; p + kLanes <= positions; p += kLanes) _mm512_storeu_si512(dst + p, unpack(load32(quads + 2 * p)));
    if (p < positions) {
      const __mmask32 rest = static_cast<__mmask32>((std::uint64_t{1} << (positions - p + 1) / 2 * 4) - 1);
      _mm512_storeu_si512(dst + p, unpack(_mm256_maskz_loadu_epi8(rest, quads + 2 * p)));
    }
  }

  // floor(x·m / 2^32 + ½) of every lane: even lanes' products give their high halves after a shift, odd
  // lanes' in place.
  static __m512i multiply_high_rounded(__m512i x, __m512i m) {
    const __m512i half = _mm512_set1_epi64(std::int64_t{1} << 31);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(x, m), half);
    const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(x, 32), m), half);
    return _mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd);
  }

  static void store_s8(std::int8_t* to, std::uint32_t count, Vec acc, std::int32_t bias,
                       std::int32_t multiplier, std::int32_t zero_point) {
    const __m512i scaled = multiply_high_rounded(add(acc, broadcast(bias)), broadcast(multiplier));
    const __m128i bytes = _mm512_cvtsepi32_epi8(add(scaled, broadcast(zero_point)));
    if (count == kLanes) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
    } else {
      _mm_mask_storeu_epi8(to, static_cast<__mmask16>((1u << count) - 1), bytes);
    }
  }
};

}  // namespace

const KernelSet* avx512_kernels() {
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                 __builtin_cpu_supports("avx512vnni")
             ? &kKernels<Avx512>
             : nullptr;
}

}  // namespace nsrt::host
#else
const nsrt::KernelSet* nsrt::host::avx512_kernels() {
  return nullptr;
}
#endif
