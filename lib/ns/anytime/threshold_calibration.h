// Thresholds from a validation split.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/anytime/stopping_rule.h"
#include "ns/anytime/track.h"

namespace ns::anytime {

/// Fewer samples cannot tell one right answer in a hundred.
inline constexpr std::size_t kLeastCalibrationSamples = 100;

/// What one threshold for all classes gives.
struct CurvePoint {
  double threshold = 0;
  double mean_passes = 0, mean_cost = 0;
  std::size_t correct = 0;
};

/// What calibration looks at: tracks with their labels, what each pass costs, and the limits of the rule.
struct CalibrationData {
  const Tracks& tracks;
  std::span<const std::int32_t> labels;
  std::vector<double> pass_costs;  ///< [pass], of that pass alone; at least max_passes of them
  std::size_t min_passes = 1, max_passes = 1;
};

/// The accuracy–cost curve: every threshold at which something changes, from 0 (stop after min_passes) up to
/// kNever. Costs never fall along it.
std::vector<CurvePoint> accuracy_cost_curve(const CalibrationData& data);

/// At most `count` points of a curve, its ends among them, about evenly spaced in cost.
std::vector<CurvePoint> thinned(const std::vector<CurvePoint>& curve, std::size_t count);

/// The cheapest point with at least `correct` right answers such that no dearer point has more than `slack`
/// fewer: a lucky dip of a curve that still rises does not count. The last point if there is none.
CurvePoint cheapest_with(const std::vector<CurvePoint>& curve, double correct, double slack = 0);

/// The slack that calibration grants: 0.05 percentage points, but at least one sample.
double calibration_slack(std::size_t samples);

/// The last point of at most so many mean passes; the first point if even that takes more.
CurvePoint within_passes(const std::vector<CurvePoint>& curve, double mean_passes);

/// One threshold per class: ascends (right answers − price·cost) class by class, and finds by bisection the
/// highest price at which at least `correct` answers are right; of all rules seen on the way, the cheapest of
/// those, whose thresholds then go as low as so many right answers allow. Starts from `common`, which is also
/// the answer if nothing is cheaper.
StoppingRule per_class_with(const CalibrationData& data, const CurvePoint& common, std::size_t classes,
                            double correct);

/// As per_class_with, one threshold per pass: an answer that three stages agree on may be let go where the
/// same probability of one stage may not.
StoppingRule per_pass_with(const CalibrationData& data, const CurvePoint& common, double correct);

/// Throws Error(kUsage) with the minimum if a validation split is too small to calibrate.
void require_calibration_samples(std::size_t samples);

}  // namespace ns::anytime
