// The level for any target: vectors of four int32 that GCC and Clang map to SSE2, NEON or plain registers.
#include "kernels/host/kernel_set.h"
#include "kernels/requantise.h"

namespace nsrt::host {
namespace {

struct Portable {
  // Unsigned, for what is computed in lanes between rows and past the end may be anything.
  using Vec = std::uint32_t __attribute__((vector_size(16)));
  using Signed = std::int32_t __attribute__((vector_size(16)));
  using Pairs = Vec;
  static constexpr int kLanes = 4;
  static constexpr int kChains = 1;
  static constexpr int kVectorsOfDenseRows = 2;
  static constexpr int kVectorsOfOneRow = 8;

  static Vec zero() { return Vec{}; }
  static Vec load(const std::int32_t* from) {
    Vec v;
    std::memcpy(&v, from, sizeof v);
    return v;
  }
  static Vec broadcast(std::int32_t x) {
    const auto u = static_cast<std::uint32_t>(x);
    return Vec{u, u, u, u};
  }
  static Vec low(Vec pairs) { return Vec(Signed(pairs << 16) >> 16); }
  static Vec high(Vec pairs) { return Vec(Signed(pairs) >> 16); }
  static void dot(Vec& acc, Vec pairs, Vec weight) {
    acc += low(pairs) * low(weight) + high(pairs) * high(weight);
  }

  static std::int32_t pair(std::int8_t lo, std::int8_t hi) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(lo & 0xFFFF) | static_cast<std::uint32_t>(hi)
                                                                                   << 16);
  }

  static void expand(const std::int8_t* lo, const std::int8_t* hi, std::int32_t* dst, std::uint32_t columns,
                     std::uint32_t stride) {
    if (stride == 1) {
      for (std::uint32_t i = 0; i < columns; ++i) dst[i] = pair(lo[i], hi[i]);
    } else {
      for (std::uint32_t i = 0; i < columns; ++i)
        dst[i] = pair(lo[std::size_t{i} * stride], hi[std::size_t{i} * stride]);
    }
  }

  static void unpack_quads(const std::int8_t* quads, std::int32_t* dst, std::uint32_t positions) {
    for (std::uint32_t p = 0; p < positions; ++p) {
      const std::int8_t* weight = quads + p / 2 * 4 + p % 2;
      dst[p] = pair(weight[0], weight[2]);
    }
  }

  static Vec add(Vec a, Vec b) { return a + b; }

  static void store_s8(std::int8_t* to, std::uint32_t count, Vec acc, std::int32_t bias,
                       std::int32_t multiplier, std::int32_t zero_point) {
    for (std::uint32_t i = 0; i < count; ++i) {
      to[i] = requantise_s8(static_cast<std::int32_t>(acc[i]), bias, multiplier, zero_point);
    }
  }
};

}  // namespace

const KernelSet* portable_kernels() {
  return &kKernels<Portable>;
}

}  // namespace nsrt::host
