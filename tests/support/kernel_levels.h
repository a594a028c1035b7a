// What the host kernels' tests share: the levels of this CPU, seeded operands, outputs with guard bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "kernels/host/levels.h"
#include "kernels/kernels.h"
#include "ns/pack/dense.h"
#include "ns/pack/nested_csr.h"

namespace ns::testing {

struct KernelLevel {
  std::string name;
  const nsrt::KernelSet* kernels;
};

inline std::vector<KernelLevel> kernel_levels() {
  std::vector<KernelLevel> levels{{"portable", nsrt::host::portable_kernels()}};
  if (const nsrt::KernelSet* set = nsrt::host::avx2_kernels()) levels.push_back({"avx2", set});
  if (const nsrt::KernelSet* set = nsrt::host::avx512_kernels()) levels.push_back({"avx512", set});
  if (const nsrt::KernelSet* set = nsrt::host::neon_kernels()) levels.push_back({"neon", set});
  return levels;
}

/// Random operands; a third of them take only the ends of the range.
class Draw {
 public:
  explicit Draw(std::uint32_t seed) : rng_(seed) {}

  int in(int low, int high) { return std::uniform_int_distribution<int>(low, high)(rng_); }
  bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(rng_) < p; }

  std::vector<std::int8_t> values(std::size_t count, int low = -128) {
    std::vector<std::int8_t> v(count);
    const int style = in(0, 2);
    for (std::int8_t& x : v)
      x = static_cast<std::int8_t>(style == 0 ? (chance(0.5) ? low : 127) : in(low, 127));
    return v;
  }

  /// Tables that give ties (powers of two), moderate results and saturation; |acc + bias| stays below 2^31.
  std::vector<nsrt::RequantRow> rows(std::size_t count) {
    std::vector<nsrt::RequantRow> r(count);
    for (nsrt::RequantRow& row : r) {
      const int style = in(0, 3);
      row.multiplier = style == 0   ? std::int32_t{1} << in(12, 30)
                       : style == 1 ? (chance(0.5) ? INT32_MAX : -INT32_MAX)
                                    : in(1 << 14, 1 << 26);
      if (chance(0.3)) row.multiplier = -row.multiplier;
      row.bias = style == 3 ? in(-1'000'000'000, 1'000'000'000) : in(-100'000, 100'000);
    }
    return r;
  }

  ns::pack::LevelledWeights nested(const ns::pack::WeightShape& shape, int block, int levels,
                                   double density) {
    ns::pack::LevelledWeights w{shape, block, levels, values(shape.count(), -127), {}};
    w.level.resize(static_cast<std::size_t>(shape.co) * shape.positions(block));
    for (std::uint8_t& level : w.level)
      level = static_cast<std::uint8_t>(chance(density) ? in(1, levels) : 0);
    for (std::size_t i = 0; i < w.values.size(); ++i) {
      const std::size_t channel = i % shape.row() / shape.taps();
      const std::size_t p = channel / static_cast<std::size_t>(block) * shape.taps() + i % shape.taps();
      if (w.level[i / shape.row() * shape.positions(block) + p] == 0) w.values[i] = 0;
    }
    return w;
  }

 private:
  std::mt19937 rng_;
};

/// The runtime's view of encoded nested CSR.
inline nsrt::NestedCsr view_of(const std::vector<std::uint8_t>& bytes, const ns::pack::LevelledWeights& w,
                               int subnet) {
  const std::size_t counts = static_cast<std::size_t>(w.shape.co) * static_cast<std::size_t>(w.levels) * 2;
  return {reinterpret_cast<const std::uint16_t*>(bytes.data()), bytes.data() + (counts + 3) / 4 * 4,
          static_cast<std::uint8_t>(w.block), static_cast<std::uint8_t>(w.levels),
          static_cast<std::uint8_t>(subnet)};
}

/// A window whose padding below and right follows from the output's extents.
inline nsrt::Window window(int ih, int iw, int ci, int co, int kernel, int stride, int pad) {
  const auto out = [&](int extent) {
    return static_cast<std::uint16_t>((extent + 2 * pad - kernel) / stride + 1);
  };
  const auto u16 = [](int x) { return static_cast<std::uint16_t>(x); };
  const auto u8 = [](int x) { return static_cast<std::uint8_t>(x); };
  return {u16(ih),    u16(iw),    u16(ci),    out(ih),    out(iw), u16(co),
          u8(kernel), u8(kernel), u8(stride), u8(stride), u8(pad), u8(pad)};
}

inline std::string text(const nsrt::Window& w) {
  const auto n = [](int x) { return std::to_string(x); };
  return n(w.ih) + "x" + n(w.iw) + "x" + n(w.ci) + " -> " + n(w.oh) + "x" + n(w.ow) + "x" + n(w.co) + " k" +
         n(w.kh) + "x" + n(w.kw) + " s" + n(w.sh) + "x" + n(w.sw) + " p" + n(w.pad_top) + "," + n(w.pad_left);
}

inline std::size_t inputs(const nsrt::Window& w) {
  return std::size_t{w.ih} * w.iw * w.ci;
}
inline std::size_t outputs(const nsrt::Window& w) {
  return std::size_t{w.oh} * w.ow * w.co;
}

/// An output buffer or scratch of exactly `bytes` bytes at a 16-byte address, watched on both sides.
class Guarded {
 public:
  explicit Guarded(std::size_t bytes) : bytes_(bytes), memory_((bytes + 15) / 16 + 2 * kGuard) {
    std::memset(memory_.data(), 0x5A, memory_.size() * sizeof(Block));
  }
  std::int8_t* data() { return reinterpret_cast<std::int8_t*>(memory_.data() + kGuard); }
  bool intact() const {
    const auto* all = reinterpret_cast<const std::uint8_t*>(memory_.data());
    const std::size_t size = memory_.size() * sizeof(Block), begin = kGuard * sizeof(Block);
    for (std::size_t i = 0; i < size; ++i)
      if ((i < begin || i >= begin + bytes_) && all[i] != 0x5A) return false;
    return true;
  }
  bool operator==(const Guarded& other) const {
    return bytes_ == other.bytes_ &&
           std::memcmp(memory_.data(), other.memory_.data(), memory_.size() * sizeof(Block)) == 0;
  }

 private:
  struct alignas(16) Block {
    std::uint8_t bytes[16];
  };
  static constexpr std::size_t kGuard = 8;
  std::size_t bytes_;
  std::vector<Block> memory_;
};

}  // namespace ns::testing
