// From instruction counts to Cortex-M7 cycles: an estimate.
#pragma once

#include <cstdint>
#include <string_view>

namespace ns::deploy {

/// To be printed wherever estimated cycles are.
inline constexpr const char* kCycleEstimateNote =
    "cycles are estimated from instruction counts; QEMU models no cache, no wait states and no dual issue";

/// Cycles; the truth of a board that runs from zero-wait-state memory should lie between low and high.
struct CycleEstimate {
  double low = 0, mid = 0, high = 0;
  CycleEstimate& operator+=(const CycleEstimate& other) {
    low += other.low;
    mid += other.mid;
    high += other.high;
    return *this;
  }
};

/// Instructions times the cycles per instruction that the model of docs/cycle_model.md finds for the kernels
/// of a kind of operator (names of packed_description.h), ±35 %: no board has confirmed it. Weights that
/// stream from slow flash may add 30–100 %, which is not in it.
constexpr CycleEstimate estimate_cycles(std::uint64_t instructions, std::string_view kind) {
  constexpr double kSpread = 1.35;
  const double per_instruction = kind == "conv"        ? 0.78
                                 : kind == "depthwise" ? 0.85
                                 : kind == "linear"    ? 0.95
                                                       : 0.7;
  const double mid = static_cast<double>(instructions) * per_instruction;
  return {mid / kSpread, mid, mid * kSpread};
}

}  // namespace ns::deploy
