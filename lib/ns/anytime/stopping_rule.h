#pragma once

#include <cstddef>
#include <vector>

#include "ns/anytime/scoring.h"

namespace ns::anytime {

/// A threshold that no score reaches: stop after the last pass only.
inline constexpr double kNever = 2.0;

/// Stop after pass n if n is max_passes, or if it is at least min_passes and the score reaches the threshold
/// of the present answer, or of the pass.
struct StoppingRule {
  std::vector<double> thresholds{kNever};  ///< one, one per class, or, if by_pass, max_passes of them
  std::size_t min_passes = 1, max_passes = 1;
  bool by_pass = false;

  double threshold(std::size_t pass, int answer) const {
    return thresholds[by_pass ? pass - 1 : thresholds.size() == 1 ? 0 : static_cast<std::size_t>(answer)];
  }
  /// pass counts from 1.
  bool stops(std::size_t pass, const Verdict& verdict) const {
    return pass >= max_passes || (pass >= min_passes && verdict.score >= threshold(pass, verdict.answer));
  }
};

}  // namespace ns::anytime
