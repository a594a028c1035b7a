#pragma once

#include <cstdint>

namespace ns::metrics {

/// Bounds of a fraction, 0 <= low <= high <= 1.
struct Interval {
  double low = 0, high = 1;
};

/// 95 % score interval of the proportion behind `correct` successes of `total` trials (Wilson, JASA 22,
/// 1927). It holds its level near 0 and 1, where the interval mean ± 1.96 standard errors does not. No trials
/// say nothing: [0, 1].
Interval wilson95(std::int64_t correct, std::int64_t total);

}  // namespace ns::metrics
