#include "coop/rules.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "anytime/validation.h"
#include "common/progress.h"
#include "common/stop_signal.h"
#include "ns/anytime/evaluation.h"
#include "ns/anytime/stage_choice.h"
#include "ns/base/error.h"
#include "ns/data/in_views.h"
#include "ns/deploy/packed_rule.h"
#include "ns/report/table.h"

using namespace ns::anytime;

std::vector<std::size_t> first_numbers(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
}

ScorerFactory scorer_of(const Partners& partners, const Scoring& scoring) {
  return ns::deploy::packed_scorer(scoring, partners.classes(), partners.stages.size());
}

namespace {

// Right answers that the target wants, if it names any; `spread` more with --standard-errors.
double wanted(const CoopOptions& o, const Calibration& calibration, double spread) {
  if (o.min_accuracy) return std::ceil(*o.min_accuracy * static_cast<double>(calibration.images) - 1e-9);
  const double above = std::ceil(o.margin / 100 * static_cast<double>(calibration.images) - 1e-9);
  return static_cast<double>(calibration.baseline_correct) + above + spread;
}

bool better(const CoopOptions& o, const CurvePoint& a, const CurvePoint& b) {
  const bool accuracy_counts = o.best_accuracy || o.max_mean_cost;
  if (accuracy_counts && a.correct != b.correct) return a.correct > b.correct;
  if (a.mean_cost != b.mean_cost) return a.mean_cost < b.mean_cost;
  return a.correct > b.correct;
}

bool reaches(const CoopOptions& o, const Calibration& calibration, const CurvePoint& point, double spread) {
  if (o.best_accuracy) return true;
  if (o.max_mean_cost) return point.mean_cost <= *o.max_mean_cost;
  return static_cast<double>(point.correct) >= wanted(o, calibration, spread);
}

CurvePoint choose(const CoopOptions& o, const Calibration& calibration, const std::vector<CurvePoint>& curve,
                  double spread) {
  if (!o.best_accuracy && !o.max_mean_cost)
    return cheapest_with(curve, wanted(o, calibration, spread), calibration_slack(calibration.images));
  CurvePoint best = curve.front();
  for (const CurvePoint& point : curve) {
    if (reaches(o, calibration, point, spread) && better(o, point, best)) best = point;
  }
  return best;
}

// So many standard errors of the difference between two rates of right answers, paired, in answers: its
// variance is the sum of squares of what each image adds to it in all its views.
double spread_of(const CoopOptions& o, const Outcome& together, const Calibration& calibration,
                 std::span<const std::int32_t> labels) {
  if (o.standard_errors <= 0) return 0;
  const std::size_t images = labels.size() / calibration.views;
  double variance = 0;
  for (std::size_t i = 0; i < images; ++i) {
    int more = 0;
    for (std::size_t at = i; at < labels.size(); at += images)
      more += (together.verdicts[at].answer == labels[at]) - calibration.baseline_right[at];
    variance += more * more;
  }
  return o.standard_errors * std::sqrt(variance);
}

// Right answers that several thresholds must keep: the target's, or where it names none the common one's.
double wanted_of(const CoopOptions& o, const Calibration& calibration, const CoopRule& rule, double spread) {
  const bool counted = !o.best_accuracy && !o.max_mean_cost;
  return counted ? wanted(o, calibration, spread) : static_cast<double>(rule.validation.correct);
}

// Puts thresholds per class or stage in the place of the common one.
void use_several(const Partners& partners, const CalibrationData& data, double correct, CoopRule& rule) {
  rule.rule = rule.thresholds == "stage" ? per_pass_with(data, rule.validation, correct)
                                         : per_class_with(data, rule.validation, partners.classes(), correct);
  const Evaluation found = evaluate(stop(data.tracks, rule.rule), data.labels, data.pass_costs);
  rule.validation = {0, found.mean_passes, found.mean_cost, found.correct};
}

CoopRule calibrate_one(const CoopOptions& o, const Partners& partners, const Calibration& calibration,
                       const StageLogits& logits, std::span<const std::int32_t> labels, CoopRule rule) {
  const std::vector<std::size_t> order = first_numbers(partners.stages.size());
  if (rule.scoring.aggregate == Aggregate::kWeighted)
    rule.scoring.weights = learn_weights(logits, labels, order);
  const Tracks tracks = track(logits, order, scorer_of(partners, rule.scoring));
  CalibrationData data{tracks, labels, {}, 1, order.size()};
  for (const Partner& partner : partners.stages) data.pass_costs.push_back(partner.cost);
  rule.validation_curve = accuracy_cost_curve(data);
  const auto with_margin = [&](double spread) {
    CoopRule trial = rule;
    trial.validation = choose(o, calibration, rule.validation_curve, spread);
    trial.rule = {{trial.validation.threshold}, data.min_passes, data.max_passes};
    if (rule.thresholds != "one")
      use_several(partners, data, wanted_of(o, calibration, trial, spread), trial);
    trial.reached = reaches(o, calibration, trial.validation, spread);
    return trial;
  };
  // A dearer rule differs in fewer answers, and its spread is smaller: the least margin that covers its own.
  double low = 0, high = 0, spread = 0;
  bool covered = false;
  for (int round = 0; round < 6; ++round) {
    CoopRule trial = with_margin(spread);
    const double found = spread_of(o, stop(tracks, trial.rule), calibration, labels);
    const bool covers = found <= spread;
    if (covers || !covered) rule = std::move(trial);
    (covers ? high : low) = spread;
    covered = covered || covers;
    if (covered && high - low < 1) break;
    spread = covered ? (low + high) / 2 : found;
  }
  return rule;
}

std::string target_text(const CoopOptions& o) {
  using ns::report::fixed;
  if (o.min_accuracy) return "--min-accuracy " + fixed(*o.min_accuracy, 4);
  if (o.max_mean_cost) return "--max-mean-cost " + fixed(*o.max_mean_cost, 0);
  return "--" + o.target();
}

void choose_rule(const CoopOptions& o, Calibration& calibration) {
  const auto& rules = calibration.rules;
  for (std::size_t i = 1; i < rules.size(); ++i) {
    const CoopRule &best = rules[calibration.chosen], &rule = rules[i];
    if (rule.reached == best.reached ? better(o, rule.validation, best.validation) : rule.reached)
      calibration.chosen = i;
  }
  if (!calibration.rule().reached) {
    const CurvePoint& best = calibration.rule().validation;
    const double accuracy = static_cast<double>(best.correct) / static_cast<double>(calibration.images);
    throw ns::Error(
        ns::ErrorKind::kCheck,
        target_text(o) + ": no rule gets there on the validation split; the nearest has accuracy " +
            ns::report::fixed(accuracy, 4) + " at a mean cost of " + ns::report::fixed(best.mean_cost, 0));
  }
}

ns::data::Dataset validation_images(const CoopOptions& o, const Partners& partners) {
  const ns::data::Dataset split =
      validation_split(o.data, o.calibration_images, partners.held_out, partners.held_out_by);
  std::vector<ns::augment::View> views;
  for (const std::string& text : o.calibration_views) {
    views.push_back(ns::augment::parse_view(text, split.shape, "--calibration-views " + text));
    if (std::count(views.begin(), views.end(), views.back()) > 1)
      throw ns::usage_error("--calibration-views: " + text + " is there twice");
  }
  return ns::data::in_views(split, views);
}

}  // namespace

Calibration calibrate(const CoopOptions& o, const Partners& partners) {
  Calibration calibration;
  const std::size_t stages = partners.stages.size();
  if (o.threshold) {
    calibration.rules.push_back(
        {{aggregate_of(o.aggregates.front()), confidence_of(o.confidences.front()), {}},
         "one",
         {{*o.threshold}, 1, stages},
         {},
         {},
         true});
    return calibration;
  }
  const ns::data::Dataset validation = validation_images(o, partners);
  calibration.images = validation.size();
  calibration.views = o.calibration_views.size();
  calibration.manifest_sha256 = validation.manifest_sha256;
  ::Progress bar("validation", "passes", progress_mode(o.progress));
  const StageLogits logits =
      StageRunner(partners.runners(), validation).all_logits(partners.stages_only(), [&](std::size_t done) {
        throw_if_stopped();
        bar.update(static_cast<std::int64_t>(done), static_cast<std::int64_t>(stages * validation.size()));
      });
  bar.clear();
  for (std::size_t i = 0; i < stages; ++i) {
    const std::vector<std::size_t> one{i};
    const Tracks alone = track(logits, one, scorer_of(partners, {Aggregate::kReplace, {}, {}}));
    calibration.alone_correct.push_back(correct_after(alone, validation.labels, 1));
    if (i != partners.baseline()) continue;
    calibration.baseline_correct = calibration.alone_correct.back();
    for (std::size_t image = 0; image < validation.size(); ++image)
      calibration.baseline_right.push_back(alone.at(image, 0).answer == validation.labels[image]);
  }
  for (const std::string& aggregate : o.aggregates) {
    for (const std::string& confidence : o.confidences) {
      for (const std::string& thresholds : o.thresholds) {
        CoopRule rule;
        rule.scoring = {aggregate_of(aggregate), confidence_of(confidence), {}};
        rule.thresholds = thresholds;
        calibration.rules.push_back(calibrate_one(o, partners, calibration, logits, validation.labels, rule));
      }
    }
  }
  choose_rule(o, calibration);
  return calibration;
}
