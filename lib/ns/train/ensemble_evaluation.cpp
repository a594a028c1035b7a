#include "ns/train/ensemble_evaluation.h"

#include <numeric>

#include "ns/anytime/threshold_calibration.h"
#include "ns/metrics/accuracy.h"

namespace ns::train {
namespace {

std::vector<std::size_t> in_order(const anytime::StageLogits& logits) {
  std::vector<std::size_t> order(logits.stages.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

anytime::Tracks tracks_of(const anytime::StageLogits& logits, const anytime::Scoring& scoring) {
  return anytime::track(logits, in_order(logits), anytime::float_scorer(scoring, logits.classes));
}

}  // namespace

EnsembleEvaluation evaluate_ensemble(const anytime::StageLogits& logits,
                                     std::span<const std::int32_t> labels) {
  EnsembleEvaluation result;
  const std::size_t members = logits.stages.size();
  const auto images = static_cast<double>(logits.samples);
  std::vector<std::vector<int>> answers(members);
  for (std::size_t k = 0; k < members; ++k) {
    std::size_t correct = 0;
    for (std::size_t i = 0; i < logits.samples; ++i) {
      answers[k].push_back(metrics::argmax(logits.of(k, i)));
      correct += answers[k].back() == labels[i];
    }
    result.members.push_back(static_cast<double>(correct) / images);
  }
  std::size_t different = 0, pairs = 0;
  for (std::size_t j = 0; j < members; ++j) {
    for (std::size_t k = j + 1; k < members; ++k, ++pairs) {
      for (std::size_t i = 0; i < logits.samples; ++i) different += answers[j][i] != answers[k][i];
    }
  }
  result.disagreement =
      pairs == 0 ? 0.0 : static_cast<double>(different) / images / static_cast<double>(pairs);
  const auto correct_by = [&](anytime::Aggregate aggregate, std::size_t count) {
    return anytime::correct_after(tracks_of(logits, {.aggregate = aggregate}), labels, count);
  };
  result.soft_vote = static_cast<double>(correct_by(anytime::Aggregate::kMean, members)) / images;
  result.hard_vote = static_cast<double>(correct_by(anytime::Aggregate::kVote, members)) / images;
  const anytime::Tracks merged = tracks_of(logits, {.aggregate = anytime::Aggregate::kMeanLogit});
  for (std::size_t k = 1; k <= members; ++k) {
    result.prefix_correct.push_back(anytime::correct_after(merged, labels, k));
  }
  result.mean_logit = static_cast<double>(result.prefix_correct.back()) / images;
  result.interval = metrics::wilson95(static_cast<std::int64_t>(result.prefix_correct.back()),
                                      static_cast<std::int64_t>(logits.samples));
  return result;
}

EarlyStop stop_early(const anytime::StageLogits& validation, std::span<const std::int32_t> validation_labels,
                     const anytime::StageLogits& test, std::span<const std::int32_t> test_labels,
                     anytime::Confidence confidence, std::span<const double> costs) {
  anytime::require_calibration_samples(validation.samples);
  const anytime::Scoring scoring{anytime::Aggregate::kMeanLogit, confidence, {}};
  const std::size_t members = test.stages.size();
  const anytime::Tracks calibration = tracks_of(validation, scoring), tracks = tracks_of(test, scoring);
  const anytime::CalibrationData data{
      calibration, validation_labels, {costs.begin(), costs.end()}, 1, members};
  const double slack = anytime::calibration_slack(validation.samples);
  const auto all_right = static_cast<double>(anytime::correct_after(calibration, validation_labels, members));
  const anytime::CurvePoint point =
      anytime::cheapest_with(anytime::accuracy_cost_curve(data), all_right - slack, slack);
  EarlyStop result;
  result.threshold = point.threshold;
  result.whole =
      anytime::evaluate(anytime::stop(tracks, {{anytime::kNever}, 1, members}), test_labels, costs);
  result.stopped =
      anytime::evaluate(anytime::stop(tracks, {{point.threshold}, 1, members}), test_labels, costs);
  return result;
}

}  // namespace ns::train
