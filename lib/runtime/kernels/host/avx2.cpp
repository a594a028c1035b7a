// Compiled with -mavx2 where the compiler has it; runs only after the CPU said so.
#include "kernels/host/kernel_set.h"

#if defined(__AVX2__)
#include <immintrin.h>

namespace nsrt::host {
namespace {

struct Avx2 {
  using Vec = __m256i;
  using Pairs = Vec;
  static constexpr int kLanes = 8;
  static constexpr int kChains = 1;
  static constexpr int kVectorsOfDenseRows = 2;
  static constexpr int kVectorsOfOneRow = 12;

  static Vec zero() { return _mm256_setzero_si256(); }
  static Vec load(const std::int32_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static Vec broadcast(std::int32_t x) { return _mm256_set1_epi32(x); }
  // In assembly, for GCC 12 hoists all products and then spills an accumulator.
  static void dot(Vec& acc, Vec pairs, Vec weight) {
    asm("vpmaddwd %2, %1, %1\n\tvpaddd %1, %0, %0" : "+x"(acc), "+x"(pairs) : "x"(weight));
  }

  static Vec add(Vec a, Vec b) { return _mm256_add_epi32(a, b); }

  static __m128i load16(const std::int8_t* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }
  static __m128i load8(const std::int8_t* from) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
  }
  static void store(std::int32_t* to, Vec v) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v); }
  static __m128i even_bytes(__m128i x) { return _mm_srai_epi16(_mm_slli_epi16(x, 8), 8); }

  static void expand(const std::int8_t* lo, const std::int8_t* hi, std::int32_t* dst, std::uint32_t columns,
                     std::uint32_t stride) {
    if (stride == 1) {
      for (std::uint32_t i = 0; i < columns; i += kLanes) {
        store(dst + i, _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(load8(lo + i), load8(hi + i))));
      }
    } else if (stride == 2) {
      for (std::uint32_t i = 0; i < columns; i += kLanes) {
        const __m128i a = even_bytes(load16(lo + 2 * i)), b = even_bytes(load16(hi + 2 * i));
        store(dst + i, _mm256_set_m128i(_mm_unpackhi_epi16(a, b), _mm_unpacklo_epi16(a, b)));
      }
    } else {
      for (std::uint32_t i = 0; i < columns; ++i) {
        const std::size_t at = std::size_t{i} * stride;
        dst[i] = static_cast<std::int32_t>((lo[at] & 0xFFFFu) | static_cast<std::uint32_t>(hi[at]) << 16);
      }
    }
  }

  static __m256i unpack(__m128i quads) {
    const __m128i order = _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
    return _mm256_cvtepi8_epi16(_mm_shuffle_epi8(quads, order));
  }

  static void unpack_quads(const std::int8_t* quads, std::int32_t* dst, std::uint32_t positions) {
    std::uint32_t p = 0;
    for (; p + kLanes <= positions; p += kLanes) store(dst + p, unpack(load16(quads + 2 * p)));
    if (p < positions) {
      std::int8_t last[16] = {};
      std::memcpy(last, quads + 2 * p, (positions - p + 1) / 2 * 4);
      store(dst + p, unpack(load16(last)));
    }
  }

  // floor(x·m / 2^32 + ½) of every lane: even lanes' products give their high halves after a shift, odd
  // lanes' in place.
  static __m256i multiply_high_rounded(__m256i x, __m256i m) {
    const __m256i half = _mm256_set1_epi64x(std::int64_t{1} << 31);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(x, m), half);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(x, 32), m), half);
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
  }

  static void store_s8(std::int8_t* to, std::uint32_t count, Vec acc, std::int32_t bias,
                       std::int32_t multiplier, std::int32_t zero_point) {
    const __m256i scaled = multiply_high_rounded(add(acc, broadcast(bias)), broadcast(multiplier));
    const __m256i value = add(scaled, broadcast(zero_point));
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
    const std::int64_t bytes = _mm_cvtsi128_si64(_mm_packs_epi16(words, words));
    if (count == kLanes) {
      std::memcpy(to, &bytes, kLanes);
    } else {
      std::memcpy(to, &bytes, count);
    }
  }
};

}  // namespace

const KernelSet* avx2_kernels() {
  return __builtin_cpu_supports("avx2") ? &kKernels<Avx2> : nullptr;
}

}  // namespace nsrt::host
#else
const nsrt::KernelSet* nsrt::host::avx2_kernels() {
  return nullptr;
}
#endif
