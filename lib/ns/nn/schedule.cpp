#include "ns/nn/schedule.h"

#include <cmath>
#include <numbers>

namespace ns::nn {

double Schedule::rate(std::int64_t step) const {
  if (step < warmup_steps) {
    return base_rate * static_cast<double>(step + 1) / static_cast<double>(warmup_steps + 1);
  }
  switch (kind) {
    case Kind::kConstant:
      return base_rate;
    case Kind::kCosine: {
      if (step >= total_steps) {
        return final_rate;
      }
      const double done =
          static_cast<double>(step - warmup_steps) / static_cast<double>(total_steps - warmup_steps);
      return final_rate + (base_rate - final_rate) * 0.5 * (1.0 + std::cos(std::numbers::pi * done));
    }
    case Kind::kMultiStep: {
      double rate = base_rate;
      for (const std::int64_t milestone : milestones) {
        rate *= step >= milestone ? factor : 1.0;
      }
      return rate;
    }
  }
  return base_rate;
}

}  // namespace ns::nn
