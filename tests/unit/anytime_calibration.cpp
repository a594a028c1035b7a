#include "ns/anytime/threshold_calibration.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "expect_error.h"
#include "ns/anytime/evaluation.h"
#include "ns/anytime/stage_choice.h"
#include "ns/base/rng.h"

using namespace ns::anytime;

namespace {

constexpr std::size_t kSamples = 300, kClasses = 4, kStages = 4;

// Noisy logits: the later a stage, the better it knows the label.
struct Synthetic {
  StageLogits logits{kSamples, kClasses, {}};
  std::vector<std::int32_t> labels;
  std::vector<std::size_t> order{0, 1, 2, 3};

  explicit Synthetic(std::uint64_t seed = 1) {
    ns::Rng rng(seed);
    for (std::size_t i = 0; i < kSamples; ++i)
      labels.push_back(static_cast<std::int32_t>(rng.below(kClasses)));
    for (std::size_t stage = 0; stage < kStages; ++stage) {
      auto& values = logits.stages.emplace_back();
      for (std::size_t i = 0; i < kSamples; ++i) {
        for (std::size_t k = 0; k < kClasses; ++k) {
          const float signal =
              static_cast<std::int32_t>(k) == labels[i] ? 1.0f + 0.5f * static_cast<float>(stage) : 0;
          values.push_back(signal + 1.2f * rng.normal());
        }
      }
    }
  }
  Tracks tracks(Confidence confidence = Confidence::kMargin) const {
    return track(logits, order, float_scorer({Aggregate::kMean, confidence, {}}, kClasses));
  }
};

const std::vector<double> kCosts{1, 2, 3, 4}, kSteepCosts{1, 4, 16};

// The least mean cost of three stages with so many right answers: every pair of thresholds is tried.
double least_cost(const Tracks& tracks, const std::vector<std::int32_t>& labels, double correct) {
  std::vector<double> candidates[2];
  for (const std::size_t pass : {0u, 1u}) {
    for (std::size_t i = 0; i < kSamples; ++i) candidates[pass].push_back(tracks.at(i, pass).score);
    candidates[pass].push_back(kNever);
  }
  double least = 1e300;
  for (const double first : candidates[0]) {
    for (const double second : candidates[1]) {
      double cost = 0, right = 0;
      for (std::size_t i = 0; i < kSamples; ++i) {
        const std::size_t pass = tracks.at(i, 0).score >= first ? 1 : tracks.at(i, 1).score >= second ? 2 : 3;
        right += tracks.at(i, pass - 1).answer == labels[i];
        for (std::size_t k = 0; k < pass; ++k) cost += kSteepCosts[k];
      }
      if (right >= correct) least = std::min(least, cost / static_cast<double>(kSamples));
    }
  }
  return least;
}

}  // namespace

TEST_CASE("Every point of the curve is what its threshold does") {
  const Synthetic data;
  for (const Confidence confidence : {Confidence::kMargin, Confidence::kInterval}) {
    const Tracks tracks = data.tracks(confidence);
    for (const std::size_t least : {1u, 2u}) {
      const auto curve = accuracy_cost_curve({tracks, data.labels, kCosts, least, 4});
      REQUIRE(curve.size() > 20);
      CHECK(curve.front().mean_passes == least);
      CHECK(curve.back().mean_passes == 4);
      for (std::size_t i = 0; i < curve.size(); i += 7) {
        const Evaluation found =
            evaluate(stop(tracks, {{curve[i].threshold}, least, 4}), data.labels, kCosts);
        CHECK(found.correct == curve[i].correct);
        CHECK(found.mean_passes == doctest::Approx(curve[i].mean_passes));
        CHECK(found.mean_cost == doctest::Approx(curve[i].mean_cost));
        CHECK((i == 0 || curve[i].mean_cost >= curve[i - 1].mean_cost));
      }
    }
  }
}

TEST_CASE("Calibration finds the cheapest threshold that keeps the gain, and the last within a budget") {
  const Synthetic data;
  const Tracks tracks = data.tracks();
  const auto curve = accuracy_cost_curve({tracks, data.labels, kCosts, 1, 4});
  const auto full = static_cast<double>(correct_after(tracks, data.labels, 4));
  REQUIRE(full > static_cast<double>(correct_after(tracks, data.labels, 1)) + 30);
  const CurvePoint kept = cheapest_with(curve, full, 1e9);
  CHECK(static_cast<double>(kept.correct) >= full);
  CHECK(kept.mean_cost < 9.9);
  for (const CurvePoint& point : curve) {
    CHECK((point.mean_cost >= kept.mean_cost || static_cast<double>(point.correct) < full));
  }
  CHECK(cheapest_with(curve, 1e9, 1e9).threshold == kNever);
  const CurvePoint budget = within_passes(curve, 2.0);
  CHECK(budget.mean_passes <= 2.0);
  CHECK(budget.mean_passes > 1.9);
  CHECK(within_passes(curve, 0.5).threshold == 0.0);
  const auto few = thinned(curve, 12);
  CHECK(few.size() <= 12);
  CHECK(few.front().mean_cost == curve.front().mean_cost);
  CHECK(few.back().mean_cost == curve.back().mean_cost);
}

TEST_CASE("A point before a dip deeper than the slack is luck and does not count") {
  const std::vector<CurvePoint> curve{{0.0, 1, 1, 90},  {0.2, 2, 2, 101}, {0.4, 3, 3, 97},
                                      {0.6, 4, 4, 100}, {0.8, 5, 5, 99},  {kNever, 6, 6, 100}};
  CHECK(cheapest_with(curve, 100, 3).mean_cost == 2);
  CHECK(cheapest_with(curve, 100, 2).mean_cost == 4);
  CHECK(cheapest_with(curve, 100).mean_cost == 6);
  CHECK(cheapest_with(curve, 102, 3).mean_cost == 6);
  CHECK(calibration_slack(100) == 1);
  CHECK(calibration_slack(5000) == 2.5);
}

TEST_CASE("Thresholds per class keep the right answers at no more cost than the common one") {
  const Synthetic data;
  const Tracks tracks = data.tracks();
  const CalibrationData calibration{tracks, data.labels, kCosts, 1, 4};
  const auto full = static_cast<double>(correct_after(tracks, data.labels, 4));
  const CurvePoint common = cheapest_with(accuracy_cost_curve(calibration), full, 1e9);
  const StoppingRule rule = per_class_with(calibration, common, kClasses, full);
  CHECK(rule.thresholds.size() == kClasses);
  const Evaluation found = evaluate(stop(tracks, rule), data.labels, kCosts);
  CHECK(static_cast<double>(found.correct) >= full);
  CHECK(found.mean_cost < common.mean_cost);
}

TEST_CASE("Thresholds per pass keep the right answers at no more cost, and each holds after its pass") {
  const Synthetic data;
  const Tracks tracks = data.tracks();
  const CalibrationData calibration{tracks, data.labels, kCosts, 1, 4};
  const auto full = static_cast<double>(correct_after(tracks, data.labels, 4));
  const CurvePoint common = cheapest_with(accuracy_cost_curve(calibration), full, 1e9);
  const StoppingRule rule = per_pass_with(calibration, common, full);
  CHECK(rule.thresholds.size() == 4);
  const Evaluation found = evaluate(stop(tracks, rule), data.labels, kCosts);
  CHECK(static_cast<double>(found.correct) >= full);
  CHECK(found.mean_cost < common.mean_cost);
  const StoppingRule falling{{0.9, 0.5, kNever}, 1, 3, true};
  CHECK_FALSE(falling.stops(1, {1, 0.8, 0.8}));
  CHECK(falling.stops(2, {1, 0.5, 0.5}));
  CHECK(falling.stops(3, {1, 0.0, 0.1}));
}

TEST_CASE("Thresholds per pass cost hardly more than the best that an exhaustive search finds") {
  double ratios = 0;
  for (std::uint64_t seed = 3; seed <= 8; ++seed) {
    Synthetic data(seed);
    data.order.pop_back();
    const Tracks tracks = data.tracks();
    const CalibrationData calibration{tracks, data.labels, kSteepCosts, 1, 3};
    // Fewer right answers than the common threshold reaches are enough: several must aim at those, too.
    const double wanted = static_cast<double>(correct_after(tracks, data.labels, 3)) - 5;
    const CurvePoint common = cheapest_with(accuracy_cost_curve(calibration), wanted, 1e9);
    const StoppingRule rule = per_pass_with(calibration, common, wanted);
    const Evaluation found = evaluate(stop(tracks, rule), data.labels, kSteepCosts);
    CHECK(static_cast<double>(found.correct) >= wanted);
    const double ratio = found.mean_cost / least_cost(tracks, data.labels, wanted);
    CHECK(ratio < 1.1);
    ratios += ratio;
  }
  CHECK(ratios / 6 < 1.03);
}

TEST_CASE("Too few samples to calibrate are refused with the minimum") {
  EXPECT_ERROR(require_calibration_samples(99), kUsage, "at least 100");
  require_calibration_samples(100);
}

TEST_CASE("Greedy order keeps the first stage and then takes the most useful one") {
  Synthetic data;
  const ScorerFactory scorer = float_scorer({}, kClasses);
  CHECK(greedy_order(data.logits, data.labels, scorer, 3).size() == 3);
  std::swap(data.logits.stages[1], data.logits.stages[3]);  // the best stage is now number 1
  const auto order = greedy_order(data.logits, data.labels, scorer, 4);
  CHECK(order[0] == 0);
  CHECK(order[1] == 1);
  std::vector<std::size_t> sorted = order;
  std::ranges::sort(sorted);
  CHECK(sorted == data.order);
}

TEST_CASE("The shortest prefix is within the tolerance of the best") {
  const Synthetic data;
  const Tracks tracks = data.tracks();
  CHECK(shortest_prefix(tracks, data.labels, 100, 4) == 1);
  const std::size_t length = shortest_prefix(tracks, data.labels, 0, 3);
  CHECK(length <= 3);
  for (std::size_t pass = 1; pass <= 3; ++pass) {
    CHECK(correct_after(tracks, data.labels, pass) <= correct_after(tracks, data.labels, length));
    CHECK((pass >= length ||
           correct_after(tracks, data.labels, pass) < correct_after(tracks, data.labels, length)));
  }
}

TEST_CASE("Learned weights prefer the stages that know more, and make the labels likelier than equal ones") {
  const Synthetic data;
  const std::vector<int> weights = learn_weights(data.logits, data.labels, data.order);
  CHECK(std::accumulate(weights.begin(), weights.end(), 0) <= kWeightUnits);
  CHECK(*std::ranges::min_element(weights) >= 1);
  CHECK(weights[3] > weights[0]);
  const auto likelihood = [&](const std::vector<int>& w) {
    const double total = std::accumulate(w.begin(), w.end(), 0.0);
    double sum = 0;
    for (std::size_t sample = 0; sample < kSamples; ++sample) {
      double p = 0;
      for (std::size_t stage = 0; stage < kStages; ++stage) {
        double all = 0;
        for (const float value : data.logits.of(stage, sample)) all += std::exp(value);
        p += w[stage] / total *
             std::exp(data.logits.of(stage, sample)[static_cast<std::size_t>(data.labels[sample])]) / all;
      }
      sum += std::log(p);
    }
    return sum;
  };
  CHECK(likelihood(weights) > likelihood({1, 1, 1, 1}));
}

TEST_CASE("The chosen stages reach the goal more cheaply than the last stage alone") {
  const Synthetic data;
  const ScorerFactory scorer = float_scorer({Aggregate::kReplace, Confidence::kMargin, {}}, kClasses);
  const std::vector<double> costs{1, 4, 8, 16};
  const Tracks alone = track(data.logits, std::vector<std::size_t>{3}, scorer);
  const double goal = 0.98 * static_cast<double>(correct_after(alone, data.labels, 1));
  const StageChoice choice = choose_stages(data.logits, data.labels, costs, scorer, goal);
  CHECK(choice.point.mean_cost < 16);
  CHECK(static_cast<double>(choice.point.correct) >= goal);
  const StageChoice impossible = choose_stages(data.logits, data.labels, costs, scorer, 1e9);
  CHECK(impossible.stages == std::vector<std::size_t>{3});
}
