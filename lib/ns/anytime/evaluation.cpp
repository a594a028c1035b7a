#include "ns/anytime/evaluation.h"

#include <algorithm>

#include "ns/base/error.h"
#include "ns/metrics/bootstrap.h"
#include "ns/metrics/calibration_error.h"

namespace ns::anytime {
namespace {

void require_labels(const Outcome& outcome, std::span<const std::int32_t> labels) {
  if (outcome.verdicts.empty() || outcome.verdicts.size() != labels.size()) {
    throw internal_error("an outcome of " + std::to_string(outcome.verdicts.size()) + " samples with " +
                         std::to_string(labels.size()) + " labels");
  }
}

}  // namespace

Evaluation evaluate(const Outcome& outcome, std::span<const std::int32_t> labels,
                    std::span<const double> pass_costs) {
  require_labels(outcome, labels);
  Evaluation result;
  result.images = labels.size();
  result.worst_passes = *std::ranges::max_element(outcome.passes);
  result.histogram.resize(result.worst_passes);
  std::vector<double> cost_until(result.worst_passes + 1, 0.0);
  for (std::size_t pass = 1; pass <= result.worst_passes; ++pass) {
    cost_until[pass] = cost_until[pass - 1] + pass_costs[pass - 1];
  }
  metrics::CalibrationError error;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool right = outcome.verdicts[i].answer == labels[i];
    result.correct += right;
    result.mean_passes += outcome.passes[i];
    result.mean_cost += cost_until[outcome.passes[i]];
    ++result.histogram[outcome.passes[i] - 1u];
    error.add(outcome.verdicts[i].probability, right);
  }
  const auto n = static_cast<double>(labels.size());
  result.mean_passes /= n;
  result.mean_cost /= n;
  result.interval =
      metrics::wilson95(static_cast<std::int64_t>(result.correct), static_cast<std::int64_t>(result.images));
  result.calibration_error = error.value();
  std::size_t seen = 0;
  while ((seen += result.histogram[result.median_passes++]) * 2 < result.images) {
  }
  return result;
}

Comparison compare(const Outcome& now, const Outcome& before, std::span<const std::int32_t> labels) {
  require_labels(now, labels);
  require_labels(before, labels);
  Comparison result;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool right = now.verdicts[i].answer == labels[i], was = before.verdicts[i].answer == labels[i];
    result.became_right += right && !was;
    result.became_wrong += was && !right;
  }
  const auto n = static_cast<double>(labels.size());
  result.points =
      100 * (static_cast<double>(result.became_right) - static_cast<double>(result.became_wrong)) / n;
  const metrics::Bounds bounds =
      metrics::paired_bootstrap95(result.became_right, result.became_wrong, labels.size());
  result.low = 100 * bounds.low;
  result.high = 100 * bounds.high;
  return result;
}

}  // namespace ns::anytime
