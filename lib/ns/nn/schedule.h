// The learning rate as a pure function of the step, so that a resumed run needs no schedule state.
#pragma once

#include <cstdint>
#include <vector>

namespace ns::nn {

struct Schedule {
  enum class Kind { kConstant, kCosine, kMultiStep };

  Kind kind = Kind::kCosine;
  double base_rate = 0.1;
  std::int64_t total_steps = 0;   ///< cosine: reaches final_rate at this step and stays there
  std::int64_t warmup_steps = 0;  ///< linear: step s < warmup has (s + 1) / (warmup + 1) of the rate
  double final_rate = 0.0;        ///< cosine only
  std::vector<std::int64_t>
      milestones;  ///< multi-step: the rate is multiplied by `factor` at each of these steps
  double factor = 0.1;

  /// The rate of step `step`, counted from 0.
  double rate(std::int64_t step) const;
};

}  // namespace ns::nn
