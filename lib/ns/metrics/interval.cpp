#include "ns/metrics/interval.h"

#include <algorithm>
#include <cmath>

#include "ns/base/error.h"

namespace ns::metrics {

Interval wilson95(std::int64_t correct, std::int64_t total) {
  if (correct < 0 || correct > total) {
    throw internal_error("interval of " + std::to_string(correct) + " successes of " + std::to_string(total));
  }
  if (total == 0) {
    return {};
  }
  constexpr double z = 1.959963984540054;  // 97.5 % quantile of the normal distribution
  const auto n = static_cast<double>(total);
  const double p = static_cast<double>(correct) / n;
  const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

}  // namespace ns::metrics
