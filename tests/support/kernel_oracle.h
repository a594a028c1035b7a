// What a kernel must return, computed naively from a case's plain weights in int64: no encoding, no kernel
// code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "selftest/kernel_case.h"

namespace nestkit_test {

/// floor(x·m / 2^32 + 1/2), by division instead of a shift.
inline std::int64_t scaled(std::int64_t x, std::int64_t m) {
  const std::int64_t divisor = std::int64_t{1} << 32;
  const std::int64_t numerator = x * m + divisor / 2;
  std::int64_t quotient = numerator / divisor;
  if (numerator % divisor < 0) --quotient;
  return quotient;
}

inline std::int64_t clamp8(std::int64_t x) {
  return std::clamp<std::int64_t>(x, -128, 127);
}

struct Tap {
  std::int64_t value;
  bool real;  ///< false in the padding
};

inline Tap tap(const nsrt::selftest::KernelCase& c, int channel, int oy, int ox, int ky, int kx) {
  const auto& w = c.window;
  const int y = oy * w.sh - w.pad_top + ky, x = ox * w.sw - w.pad_left + kx;
  if (y < 0 || x < 0 || y >= w.ih || x >= w.iw) return {0, false};
  return {nsrt::selftest::case_input(c, 0, static_cast<std::uint32_t>((channel * w.ih + y) * w.iw + x)),
          true};
}

/// Σ w·q + bias (0 without one) of one output under subnet k.
inline std::int64_t accumulate(const nsrt::selftest::KernelCase& c, std::uint32_t k, int row, int oy,
                               int ox) {
  using namespace nsrt::selftest;
  const bool depthwise = c.kind == CaseKind::kDepthwise;
  std::int64_t acc = c.has_rows() ? case_requant_row(c, k, static_cast<std::uint32_t>(row)).bias : 0;
  for (int channel = 0; channel < (depthwise ? 1 : c.window.ci); ++channel) {
    for (int ky = 0; ky < c.window.kh; ++ky) {
      for (int kx = 0; kx < c.window.kw; ++kx) {
        const Tap q = tap(c, depthwise ? row : channel, oy, ox, ky, kx);
        const std::int64_t w =
            case_kept_weight(c, static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(channel),
                             static_cast<std::uint32_t>(ky), static_cast<std::uint32_t>(kx), k);
        acc += w * (q.real ? q.value : case_input_zero_point(c, k));
      }
    }
  }
  return acc;
}

/// Largest or summed real pixel of one window.
inline std::int64_t pooled(const nsrt::selftest::KernelCase& c, bool largest, int channel, int oy, int ox) {
  std::int64_t result = largest ? -128 : 0;
  for (int ky = 0; ky < c.window.kh; ++ky) {
    for (int kx = 0; kx < c.window.kw; ++kx) {
      const Tap q = tap(c, channel, oy, ox, ky, kx);
      if (q.real) result = largest ? std::max(result, q.value) : result + q.value;
    }
  }
  return result;
}

/// The level of a value: one for every threshold it reaches, counted from the other end if flipped.
inline std::int64_t level(const nsrt::selftest::KernelCase& c, std::uint32_t k, int row, std::int64_t value) {
  std::int16_t steps[8];
  nsrt::selftest::case_steps(c, k, static_cast<std::uint32_t>(row), steps);
  const std::int64_t reached =
      std::count_if(steps + 1, steps + 1 + c.steps(), [&](std::int16_t t) { return value >= t; });
  return steps[0] != 0 ? c.steps() - reached : reached;
}

/// What the multiplier of a gated convolution's row meets; 0 for those that are not computed.
inline std::int64_t gate_factor(const nsrt::selftest::KernelCase& c, std::uint32_t k, int row) {
  const auto saliency = [&](int channel) {
    return std::int64_t{nsrt::selftest::case_input(c, 1, static_cast<std::uint32_t>(channel))};
  };
  int before = 0;
  for (int other = 0; other < c.window.co; ++other)
    before += saliency(other) > saliency(row) || (saliency(other) == saliency(row) && other < row);
  return before < c.winners(k) ? saliency(row) + 128 : 0;
}

/// All outputs of a case under subnet k, CHW.
inline std::vector<std::int64_t> expected_outputs(const nsrt::selftest::KernelCase& c, std::uint32_t k) {
  using namespace nsrt::selftest;
  std::vector<std::int64_t> result;
  if (c.add()) {
    const auto rq = case_add_requant(c);
    const std::int64_t divisor = std::int64_t{1} << rq.shift;
    for (std::uint32_t i = 0; i < c.outputs(); ++i) {
      const std::int64_t sum =
          std::int64_t{case_input(c, 0, i)} * rq.m0 + std::int64_t{case_input(c, 1, i)} * rq.m1 + rq.bias;
      result.push_back(clamp8(sum / divisor - (sum % divisor < 0 ? 1 : 0)));
    }
    return result;
  }
  for (int row = 0; row < c.window.co; ++row) {
    const auto rq =
        c.has_rows() ? case_requant_row(c, k, static_cast<std::uint32_t>(row)) : nsrt::RequantRow{};
    for (int oy = 0; oy < c.window.oh; ++oy) {
      for (int ox = 0; ox < c.window.ow; ++ox) {
        if (c.kind == CaseKind::kBinaryLevels) {
          result.push_back(level(c, k, row, accumulate(c, k, row, oy, ox)));
        } else if (c.kind == CaseKind::kStep) {
          result.push_back(level(c, k, row, case_input(c, 0, static_cast<std::uint32_t>(result.size()))));
        } else if (c.kind == CaseKind::kMaxPool) {
          result.push_back(pooled(c, true, row, oy, ox));
        } else if (c.kind == CaseKind::kAveragePool) {
          const auto pool = case_pool_requant(c);
          const std::int64_t sum =
              (pooled(c, false, row, oy, ox) + pool.bias) * (std::int64_t{1} << pool.left_shift);
          result.push_back(clamp8(pool.output_zero_point + scaled(sum, pool.multiplier)));
        } else {
          const std::int64_t factor = c.gated() ? gate_factor(c, k, row) : 1;
          const std::int64_t value =
              case_output_zero_point(c, k) + scaled(accumulate(c, k, row, oy, ox), rq.multiplier * factor);
          result.push_back(c.out16() ? std::clamp<std::int64_t>(value, -32768, 32767) : clamp8(value));
        }
      }
    }
  }
  return result;
}

}  // namespace nestkit_test
