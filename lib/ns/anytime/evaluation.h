// What stopping early costs and brings: figures of an outcome, alone and against another one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/anytime/track.h"
#include "ns/metrics/interval.h"

namespace ns::anytime {

struct Evaluation {
  std::size_t images = 0, correct = 0;
  metrics::Interval interval;  ///< of the accuracy, 95 %
  double mean_passes = 0, mean_cost = 0;
  std::size_t median_passes = 0, worst_passes = 0;
  std::vector<std::size_t> histogram;  ///< [pass − 1]: samples that stopped there
  double calibration_error = 0;        ///< expected calibration error of the answers' probabilities

  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(images); }
};

/// pass_costs[i] is what pass i + 1 alone costs; at least as many as the most passes.
Evaluation evaluate(const Outcome& outcome, std::span<const std::int32_t> labels,
                    std::span<const double> pass_costs);

/// Answers that are right in `now` and wrong in `before`, and the other way round; with the 95 % interval of
/// the difference of accuracies in percentage points, by the paired bootstrap.
struct Comparison {
  std::size_t became_right = 0, became_wrong = 0;
  double points = 0, low = 0, high = 0;
};
Comparison compare(const Outcome& now, const Outcome& before, std::span<const std::int32_t> labels);

}  // namespace ns::anytime
