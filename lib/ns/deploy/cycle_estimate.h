// From instruction counts to Cortex-M7 cycles: an estimate.
#pragma once

#include <cstdint>

namespace ns::deploy {

/// To be printed wherever estimated cycles are.
inline constexpr const char* kCycleEstimateNote =
    "cycles are estimated from instruction counts; QEMU models no cache, no wait states and no dual issue";

/// How the instructions came about decides how many of them the core issues per cycle.
enum class CodeKind {
  kCompiled,    ///< compiled C++ with DSP instructions: dual issue helps
  kHandWritten  ///< LDM and SMLAL loops: neither instruction is dual-issued
};

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

/// Instructions per cycle, low to high: compiled 1.0 / 1.4 / 1.7, hand-written 0.7 / 0.85 / 1.1. Weights that
/// stream from slow flash may add 30–100 %, which is not in it.
constexpr CycleEstimate estimate_cycles(std::uint64_t instructions, CodeKind kind) {
  const double n = static_cast<double>(instructions);
  return kind == CodeKind::kCompiled ? CycleEstimate{n / 1.7, n / 1.4, n / 1.0}
                                     : CycleEstimate{n / 1.1, n / 0.85, n / 0.7};
}

}  // namespace ns::deploy
