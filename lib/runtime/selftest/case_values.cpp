// The numbers of a case, by hashing: no state, no order of generation, the same on every machine.
#include "selftest/kernel_case.h"

namespace nsrt::selftest {
namespace {

std::uint32_t mix(std::uint32_t x) {  // a bijection of 32 bits with good avalanche
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= x >> 15;
  x *= 0x846CA68Bu;
  return x ^ x >> 16;
}

enum Stream : std::uint32_t {
  kRowStyle = 1,
  kRowDensity,
  kWeight,
  kLevel,
  kInput,
  kZeroIn,
  kZeroOut,
  kTable
};

std::uint32_t draw(const KernelCase& c, Stream stream, std::uint32_t a, std::uint32_t b = 0) {
  return mix(mix(mix(c.seed ^ stream) + a) + b);
}

enum class RowStyle : std::uint8_t { kTypical, kNegative, kTies, kExtreme, kTinyMultiplier, kSigns };

// A subnet has its own table: its style may differ from its neighbour's, the weights' style may not.
RowStyle row_style(const KernelCase& c, std::uint32_t row, std::uint32_t subnet) {
  if (c.values == CaseValues::kTies) return RowStyle::kTies;
  if (c.values == CaseValues::kExtreme) return row % 4 == 3 ? RowStyle::kTinyMultiplier : RowStyle::kExtreme;
  return static_cast<RowStyle>(draw(c, kRowStyle, row, subnet) % 6);
}

enum class RowDensity : std::uint8_t { kHalf, kTenth, kFull, kEmpty, kFirst, kLast, kDensestOnly, kFew };

std::uint32_t isqrt(std::uint64_t x) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit != 0; bit >>= 1) {
    if ((root + bit) * (root + bit) <= x) root += bit;
  }
  return static_cast<std::uint32_t>(root);
}

std::int32_t clamp_multiplier(std::uint64_t m) {
  return static_cast<std::int32_t>(m < 512 ? 512 : m > INT32_MAX ? INT32_MAX : m);
}

std::int8_t zero_point(std::uint32_t random) {
  constexpr std::int8_t kEnds[] = {-128, 0, 127, -128};
  return random % 8 < 4 ? kEnds[random % 4] : static_cast<std::int8_t>(random >> 8);
}

struct RowSums {
  std::int64_t weights = 0, magnitudes = 0, squares = 0;
};

bool is_dead(const KernelCase& c, std::uint32_t channel) {
  return draw(c, kInput, channel, 2) % 8 < c.seed / 256 % 9;
}

std::int8_t saliency(const KernelCase& c, std::uint32_t channel) {
  constexpr std::int8_t kFew[] = {-128, -127, 0, 127};  // ties
  const std::uint32_t random = draw(c, kInput, channel, 1);
  return random % 2 == 0 ? kFew[random >> 1 & 3] : static_cast<std::int8_t>(random >> 8);
}

RowSums row_sums(const KernelCase& c, std::uint32_t subnet, std::uint32_t row) {
  RowSums sums;
  const std::uint32_t channels = c.kind == CaseKind::kDepthwise ? 1u : c.window.ci;
  for (std::uint32_t channel = 0; channel < channels; ++channel) {
    for (std::uint32_t ky = 0; ky < c.window.kh; ++ky) {
      for (std::uint32_t kx = 0; kx < c.window.kw; ++kx) {
        const std::int32_t w = case_kept_weight(c, row, channel, ky, kx, subnet);
        sums.weights += w;
        sums.magnitudes += w < 0 ? -w : w;
        sums.squares += w * w;
      }
    }
  }
  return sums;
}

}  // namespace

std::int8_t case_weight(const KernelCase& c, std::uint32_t row, std::uint32_t channel, std::uint32_t ky,
                        std::uint32_t kx) {
  const std::uint32_t tap = (channel * c.window.kh + ky) * c.window.kw + kx;
  const std::uint32_t random = draw(c, kWeight, row, tap);
  if (c.binary()) {
    const std::uint32_t ones = c.values == CaseValues::kExtreme ? row % 3 : 1;  // none, half, all
    return ones == 2 || (ones == 1 && random % 2 == 0) ? 1 : -1;
  }
  if (c.values == CaseValues::kTies) return static_cast<std::int8_t>(random % 5) - 2;
  if (c.values == CaseValues::kExtreme) {
    const std::uint32_t pattern = row % 3;  // all positive, all negative, either
    return pattern == 0 || (pattern == 2 && random % 2 == 0) ? 127 : -127;
  }
  return static_cast<std::int8_t>(static_cast<std::int32_t>(random % 255) - 127);
}

std::uint8_t case_level(const KernelCase& c, std::uint32_t row, std::uint32_t channel_block, std::uint32_t ky,
                        std::uint32_t kx) {
  if (!c.sparse() || c.values == CaseValues::kFull) return 1;
  const std::uint32_t blocks = (c.window.ci + c.block - 1u) / c.block;
  const std::uint32_t positions = blocks * c.window.kh * c.window.kw;
  const std::uint32_t position = (channel_block * c.window.kh + ky) * c.window.kw + kx;
  const std::uint32_t random = draw(c, kLevel, row, position);
  const auto level = static_cast<std::uint8_t>(1 + (random >> 16) % c.levels);
  // Rows 0 and 1 of an extreme case are full: the largest accumulators there are.
  if (c.values == CaseValues::kExtreme && row < 2) return level;
  switch (static_cast<RowDensity>(draw(c, kRowDensity, row) % 8)) {
    case RowDensity::kHalf:
      return random % 2 == 0 ? level : 0;
    case RowDensity::kTenth:
      return random % 10 == 0 ? level : 0;
    case RowDensity::kFull:
      return level;
    case RowDensity::kEmpty:
      return 0;
    case RowDensity::kFirst:
      return position == 0 ? level : 0;
    case RowDensity::kLast:
      return position + 1 == positions ? level : 0;
    case RowDensity::kDensestOnly:
      return random % 3 == 0 ? c.levels : 0;
    // Distances of 255, 256, 510 and more, which fillers must bridge.
    case RowDensity::kFew:
      return position == 255 || position == 511 || position == 1021 || random % 300 == 0 ? level : 0;
  }
  return 0;
}

std::int8_t case_kept_weight(const KernelCase& c, std::uint32_t row, std::uint32_t channel, std::uint32_t ky,
                             std::uint32_t kx, std::uint32_t subnet) {
  if (c.sparse()) {
    const std::uint8_t level = case_level(c, row, channel / c.block, ky, kx);
    if (level == 0 || level > subnet) return 0;
  }
  return case_weight(c, row, channel, ky, kx);
}

std::int8_t case_input(const KernelCase& c, std::uint32_t operand, std::uint32_t index) {
  if (c.gated() && operand == 1) return saliency(c, index);
  if (c.gated() && is_dead(c, index / c.window.ih / c.window.iw)) return case_input_zero_point(c, 1);
  const std::uint32_t random = draw(c, kInput, index, operand);
  if (c.binary()) {
    const std::uint32_t most = (1u << c.block) - 1;
    return static_cast<std::int8_t>(
        c.values == CaseValues::kExtreme && random % 16 != 0 ? most : random % (most + 1));
  }
  if (c.values == CaseValues::kExtreme) return random % 16 == 0 ? 127 : -128;
  if (random % 32 == 0) return random & 32 ? 127 : -128;
  return static_cast<std::int8_t>(random >> 8);
}

std::int8_t case_input_zero_point(const KernelCase& c, std::uint32_t subnet) {
  return c.binary() ? std::int8_t{0} : zero_point(draw(c, kZeroIn, c.gated() ? 1 : subnet));
}

std::int8_t case_output_zero_point(const KernelCase& c, std::uint32_t subnet) {
  return c.out16() ? std::int8_t{0} : zero_point(draw(c, kZeroOut, subnet));
}

namespace {

RequantRow requant_row(const KernelCase& c, std::uint32_t subnet, std::uint32_t row) {
  const RowSums sums = row_sums(c, subnet, row);
  const std::uint32_t random = draw(c, kTable, row, subnet);
  const std::int64_t limit = INT32_MAX - sums.magnitudes * 128;  // what a bias may be
  const bool odd = (random & 1) != 0;
  // Uniform inputs have a standard deviation of 74; the result gets 50 (int8) or 12800 (int16).
  const std::uint64_t spread = std::uint64_t{c.out16() ? 12800u : 50u} << 32;
  const std::int32_t typical =
      sums.squares == 0 ? 1 << 24 : clamp_multiplier(spread / (std::uint64_t{74} * isqrt(sums.squares)));
  const auto centred = static_cast<std::int32_t>(-case_input_zero_point(c, subnet) * sums.weights) +
                       static_cast<std::int32_t>(random % 2001) - 1000;
  switch (row_style(c, row, subnet)) {
    case RowStyle::kTypical:
      return {typical, centred};
    case RowStyle::kNegative:
      return {-typical, centred};
    case RowStyle::kTies: {
      const std::int32_t m = 1 << (24 + (random >> 8) % 7);
      return {odd ? -m : m, static_cast<std::int32_t>((random >> 16) % 512) - 256};
    }
    case RowStyle::kExtreme:
      return {odd ? INT32_MAX : -INT32_MAX, static_cast<std::int32_t>((random & 2) != 0 ? limit : -limit)};
    case RowStyle::kTinyMultiplier:
      return {odd ? 512 : -512, static_cast<std::int32_t>((random >> 8) % 2 ? limit : -limit / 2)};
    case RowStyle::kSigns:
      return {subnet % 2 == 0 ? typical : -typical, -centred};
  }
  return {};
}

}  // namespace

RequantRow case_requant_row(const KernelCase& c, std::uint32_t subnet, std::uint32_t row) {
  RequantRow result = requant_row(c, subnet, row);
  if (c.gated()) {  // room for a factor of 255, and nowhere below 512
    const std::int32_t m = result.multiplier / 256;
    result.multiplier = m >= 512 || m <= -512 ? m : result.multiplier < 0 ? -512 : 512;
  }
  return result;
}

void case_steps(const KernelCase& c, std::uint32_t subnet, std::uint32_t row, std::int16_t* to) {
  const std::uint32_t random = draw(c, kTable, row, subnet), steps = c.steps();
  *to++ = static_cast<std::int16_t>(random % 3 == 0 ? steps : 0);
  // Every value passes some thresholds of an extreme row, and none the others.
  const std::uint32_t passed = random >> 4 & 7, apart = c.kind == CaseKind::kStep ? 40 : isqrt(c.taps()) + 1;
  std::int32_t threshold =
      static_cast<std::int32_t>(apart * (random >> 8 & 3)) - static_cast<std::int32_t>(apart * steps / 2);
  for (std::uint32_t j = 0; j < steps; ++j) {
    const bool extreme = c.values == CaseValues::kExtreme && row % 2 == 0;
    *to++ = static_cast<std::int16_t>(extreme ? (j < passed ? -32768 : 32767) : threshold);
    threshold += static_cast<std::int32_t>(draw(c, kTable, row + j, subnet) % apart);
  }
}

PoolRequant case_pool_requant(const KernelCase& c) {
  const std::uint32_t n = std::uint32_t{c.window.kh} * c.window.kw;
  const std::uint32_t random = draw(c, kTable, n);
  const auto z = static_cast<std::int32_t>(static_cast<std::int8_t>(random >> 8));
  PoolRequant result{0, -z * static_cast<std::int32_t>(n), case_output_zero_point(c, 1), 0};
  // The largest shift that keeps (Σq + bias) << shift in 32 bits.
  while (result.left_shift < 22 && std::uint64_t{256} * n << (result.left_shift + 1) < std::uint64_t{1}
                                                                                           << 31) {
    ++result.left_shift;
  }
  const std::uint64_t exact = (std::uint64_t{1} << 32) / (std::uint64_t{n} << result.left_shift);
  if (c.values == CaseValues::kMixed) {
    result.multiplier = clamp_multiplier(exact * (200 + random % 100) / 256);
  } else if (c.values == CaseValues::kTies) {
    result.left_shift = 0;
    result.multiplier = 1 << 30;
  } else {
    result.multiplier = INT32_MAX;
  }
  return result;
}

AddRequant case_add_requant(const KernelCase& c) {
  const std::uint32_t random = draw(c, kTable, c.window.ci);
  if (c.values == CaseValues::kExtreme) {
    const std::int32_t limit = INT32_MAX - 128 * 2 * 32768;
    const bool odd = (random & 1) != 0;
    return {static_cast<std::int16_t>(odd ? -32768 : 32767), -32768, odd ? limit : -limit,
            static_cast<std::uint8_t>(random >> 8 & 1 ? 30 : 23)};
  }
  if (c.values == CaseValues::kTies) return {1, -3, 1, static_cast<std::uint8_t>(random % 3)};
  const auto m0 = static_cast<std::int16_t>(8000 + random % 16000);
  const auto m1 = static_cast<std::int16_t>(8000 + (random >> 16) % 16000);
  return {m0, m1, static_cast<std::int32_t>(random % 2000001) - 1000000 + (1 << 13), 14};
}

}  // namespace nsrt::selftest
