#include "ns/anytime/threshold_calibration.h"

#include <algorithm>
#include <cmath>

#include "ns/base/error.h"

namespace ns::anytime {

void require_calibration_samples(std::size_t samples) {
  if (samples < kLeastCalibrationSamples) {
    throw usage_error("a validation split of " + std::to_string(samples) +
                      " images is too small to calibrate thresholds: at least " +
                      std::to_string(kLeastCalibrationSamples) + " are needed");
  }
}

std::vector<CurvePoint> accuracy_cost_curve(const CalibrationData& data) {
  const Tracks& tracks = data.tracks;
  // A sample moves on from a pass when the threshold rises above the best score it has shown so far.
  struct Move {
    double score;
    std::uint32_t sample;
    std::uint16_t from, to;  // passes, from 1
  };
  std::vector<Move> moves;
  for (std::size_t sample = 0; sample < tracks.samples; ++sample) {
    std::size_t from = data.min_passes;
    double best = tracks.at(sample, from - 1).score;
    for (std::size_t to = from + 1; to <= data.max_passes; ++to) {
      const double score = tracks.at(sample, to - 1).score;
      if (score > best || to == data.max_passes) {
        moves.push_back({best, static_cast<std::uint32_t>(sample), static_cast<std::uint16_t>(from),
                         static_cast<std::uint16_t>(to)});
        from = to;
        best = score;
      }
    }
  }
  std::ranges::stable_sort(moves, {}, &Move::score);

  std::vector<double> cost_until(data.max_passes + 1, 0.0);
  for (std::size_t pass = 1; pass <= data.max_passes; ++pass) {
    cost_until[pass] = cost_until[pass - 1] + data.pass_costs.at(pass - 1);
  }
  const auto n = static_cast<double>(tracks.samples);
  auto passes = n * static_cast<double>(data.min_passes);
  double cost = n * cost_until[data.min_passes];
  auto correct = static_cast<std::int64_t>(correct_after(tracks, data.labels, data.min_passes));
  std::vector<CurvePoint> curve;
  const auto point = [&](double threshold) {
    curve.push_back({threshold, passes / n, cost / n, static_cast<std::size_t>(correct)});
  };
  point(0.0);
  for (std::size_t i = 0; i < moves.size();) {
    const double score = moves[i].score;
    for (; i < moves.size() && moves[i].score == score; ++i) {
      const Move& move = moves[i];
      passes += move.to - move.from;
      cost += cost_until[move.to] - cost_until[move.from];
      const auto right = [&](std::size_t pass) {
        return tracks.at(move.sample, pass - 1).answer == data.labels[move.sample];
      };
      correct += static_cast<int>(right(move.to)) - static_cast<int>(right(move.from));
    }
    // The next threshold that still stops somebody, or none does.
    point(i < moves.size() ? moves[i].score : kNever);
  }
  return curve;
}

std::vector<CurvePoint> thinned(const std::vector<CurvePoint>& curve, std::size_t count) {
  if (curve.size() <= count || count < 2) {
    return curve;
  }
  const double low = curve.front().mean_cost, high = curve.back().mean_cost;
  std::vector<CurvePoint> points{curve.front()};
  for (std::size_t i = 1, at = 0; i + 1 < count; ++i) {
    const double wanted = low + (high - low) * static_cast<double>(i) / static_cast<double>(count - 1);
    const std::size_t before = at;
    while (at + 1 < curve.size() - 1 && curve[at].mean_cost < wanted) {
      ++at;
    }
    if (at != before) {
      points.push_back(curve[at]);
    }
  }
  points.push_back(curve.back());
  return points;
}

CurvePoint cheapest_with(const std::vector<CurvePoint>& curve, double correct, double slack) {
  CurvePoint best = curve.back();
  for (auto point = curve.rbegin(); point != curve.rend(); ++point) {
    const auto right = static_cast<double>(point->correct);
    if (right < correct - slack) {
      break;
    }
    if (right >= correct) {
      best = *point;
    }
  }
  return best;
}

double calibration_slack(std::size_t samples) {
  return std::max(1.0, 0.0005 * static_cast<double>(samples));
}

CurvePoint within_passes(const std::vector<CurvePoint>& curve, double mean_passes) {
  CurvePoint last = curve.front();
  for (const CurvePoint& point : curve) {
    if (point.mean_passes <= mean_passes) {
      last = point;
    }
  }
  return last;
}

namespace {

struct Value {
  double correct = 0, cost = 0;  // sums over samples
};

// Several thresholds at once: one per class, or one per pass.
class ThresholdSearch {
 public:
  ThresholdSearch(const CalibrationData& data, const StoppingRule& start)
      : data_(data), cost_until_(data.max_passes + 1, 0.0), visitors_(start.thresholds.size()) {
    for (std::size_t pass = 1; pass <= data.max_passes; ++pass) {
      cost_until_[pass] = cost_until_[pass - 1] + data.pass_costs.at(pass - 1);
    }
    std::vector<std::vector<double>> scores(visitors_.size());
    for (std::size_t sample = 0; sample < data.tracks.samples; ++sample) {
      for (std::size_t pass = data.min_passes; pass < data.max_passes; ++pass) {
        const Verdict& verdict = data.tracks.at(sample, pass - 1);
        const std::size_t k = start.by_pass ? pass - 1 : static_cast<std::size_t>(verdict.answer);
        scores[k].push_back(verdict.score);
        if (visitors_[k].empty() || visitors_[k].back() != sample) {
          visitors_[k].push_back(static_cast<std::uint32_t>(sample));
        }
      }
    }
    // There are fewer passes than classes, and each sees more samples: finer steps are worth it.
    const std::size_t count = start.by_pass ? 128 : 32;
    for (std::vector<double>& some : scores) {
      candidates_.push_back(quantiles(some, count));
    }
  }

  Value evaluate(const StoppingRule& rule) const {
    Value sum;
    for (std::size_t sample = 0; sample < data_.tracks.samples; ++sample) {
      add(rule, sample, sum);
    }
    return sum;
  }

  // Two rounds of choosing each best threshold while the others stay.
  void ascend(double price, StoppingRule& rule) const {
    for (int round = 0; round < 2; ++round) {
      for (std::size_t k = 0; k < visitors_.size(); ++k) {
        double best_threshold = rule.thresholds[k], best = -1e300;
        for (const double candidate : candidates_[k]) {
          rule.thresholds[k] = candidate;
          const Value value = of_visitors(rule, k);
          if (value.correct - price * value.cost > best) {
            best = value.correct - price * value.cost;
            best_threshold = candidate;
          }
        }
        rule.thresholds[k] = best_threshold;
      }
    }
  }

  // Lets each threshold go as low as enough right answers allow while the others stay.
  void tighten(double correct, StoppingRule& rule) const {
    for (std::size_t k = 0; k < visitors_.size(); ++k) {
      const double kept = rule.thresholds[k];
      const double spare = evaluate(rule).correct - correct;
      const Value before = of_visitors(rule, k);
      double best_threshold = kept, best_cost = before.cost;
      for (const double candidate : candidates_[k]) {
        rule.thresholds[k] = candidate;
        const Value value = of_visitors(rule, k);
        if (value.cost < best_cost && value.correct >= before.correct - spare) {
          best_cost = value.cost;
          best_threshold = candidate;
        }
      }
      rule.thresholds[k] = best_threshold;
    }
  }

 private:
  Value of_visitors(const StoppingRule& rule, std::size_t k) const {
    Value value;
    for (const std::uint32_t sample : visitors_[k]) {
      add(rule, sample, value);
    }
    return value;
  }

  static std::vector<double> quantiles(std::vector<double>& scores, std::size_t count) {
    std::ranges::sort(scores);
    std::vector<double> result{0.0};
    for (std::size_t i = 0; i < count && !scores.empty(); ++i) {
      const double score = scores[i * (scores.size() - 1) / (count - 1)];
      if (score > result.back()) {
        result.push_back(score);
      }
    }
    result.push_back(kNever);
    return result;
  }

  void add(const StoppingRule& rule, std::size_t sample, Value& sum) const {
    std::size_t pass = 1;
    while (!rule.stops(pass, data_.tracks.at(sample, pass - 1))) {
      ++pass;
    }
    sum.correct += data_.tracks.at(sample, pass - 1).answer == data_.labels[sample];
    sum.cost += cost_until_[pass];
  }

  const CalibrationData& data_;
  std::vector<double> cost_until_;
  std::vector<std::vector<std::uint32_t>> visitors_;  // by threshold: whom it may stop before the end
  std::vector<std::vector<double>> candidates_;
};

// Of the rules that ascend from `start` at some price of a unit of cost, the cheapest with enough right
// answers.
StoppingRule cheapest_rule_with(const CalibrationData& data, const StoppingRule& start, double correct) {
  const ThresholdSearch search(data, start);
  StoppingRule best = start;
  double best_cost = search.evaluate(start).cost;
  // Right answers that one unit of cost must bring: at 0 cost does not matter, at the other end it is all.
  double high = 4 / *std::ranges::min_element(data.pass_costs), low = 1e-6 * high;
  const auto ascends = [&](StoppingRule rule, double price) {
    search.ascend(price, rule);
    const Value value = search.evaluate(rule);
    if (value.correct < correct) return false;
    if (value.cost < best_cost) {
      best_cost = value.cost;
      best = rule;
    }
    return true;
  };
  for (int step = 0; step < 14; ++step) {
    const double price = std::sqrt(low * high);  // a right answer may be worth one pass or all of them
    // The ascent ends on the nearest hill: the best rule so far is another place to begin.
    const bool found = ascends(start, price), again = ascends(best, price);
    (found || again ? low : high) = price;
  }
  if (search.evaluate(best).correct >= correct) search.tighten(correct, best);
  return best;
}

}  // namespace

StoppingRule per_class_with(const CalibrationData& data, const CurvePoint& common, std::size_t classes,
                            double correct) {
  return cheapest_rule_with(
      data, {std::vector<double>(classes, common.threshold), data.min_passes, data.max_passes}, correct);
}

StoppingRule per_pass_with(const CalibrationData& data, const CurvePoint& common, double correct) {
  return cheapest_rule_with(
      data, {std::vector<double>(data.max_passes, common.threshold), data.min_passes, data.max_passes, true},
      correct);
}

}  // namespace ns::anytime
