#include "tta/rules.h"

#include <algorithm>
#include <numeric>

#include "ns/augment/policy.h"
#include "ns/base/error.h"

using namespace ns::anytime;

namespace {

constexpr double kPrefixTolerance = 0.05;  // points of validation accuracy
constexpr std::size_t kMostStaticViews = 10;

int densest(const TtaOptions& o, const Subject& subject) {
  const int subnets = subject.classifier->subnets();
  if (o.subnet > subnets) {
    throw ns::usage_error("--subnet " + std::to_string(o.subnet) + ": " + subject.path + " has " +
                          std::to_string(subnets) + " subnets");
  }
  return o.subnet == 0 ? subnets : o.subnet;
}

std::vector<std::size_t> first_numbers(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  return numbers;
}

// The scoring that stages are chosen by: weights are learned once the stages are known. Views are worth about
// the same, and the last subnet far more than those before it.
Scoring unweighted(const TtaOptions& o, Scoring scoring) {
  if (scoring.aggregate == Aggregate::kWeighted)
    scoring.aggregate = o.stages == "views" ? Aggregate::kMean : Aggregate::kReplace;
  return scoring;
}

// Right answers that the rule must keep of what static evaluation gains over plain.
double wanted(const TtaOptions& o, const CalibratedRule& rule) {
  const auto plain = static_cast<double>(rule.validation_plain),
             full = static_cast<double>(rule.validation_static);
  return plain + o.keep_gain.value_or(1.0) * (full - plain) - 1e-9;
}

// Weights and thresholds for the stages rule.pool. What views gain they gain themselves; the goal of subnets
// is known.
void calibrate(const TtaOptions& o, const Subject& subject, const std::vector<Stage>& pool,
               const StageLogits& logits, std::span<const std::int32_t> labels, CalibratedRule& rule) {
  for (const std::size_t stage : rule.pool) rule.stages.push_back(pool[stage]);
  if (rule.scoring.aggregate == Aggregate::kWeighted) {
    rule.scoring.weights = learn_weights(logits, labels, rule.pool);
  }
  const std::size_t length = rule.pool.size();
  const Tracks tracks = track(logits, rule.pool, subject.scorer(rule.scoring, length));
  const CalibrationData data{tracks, labels, rule.costs(), std::min(o.min_passes, length), length};
  rule.validation_images = labels.size();
  if (o.stages == "views") {
    rule.validation_plain = correct_after(tracks, labels, 1);
    rule.validation_static = correct_after(tracks, labels, length);
  }
  rule.validation_curve = accuracy_cost_curve(data);
  rule.validation =
      o.mean_passes ? within_passes(rule.validation_curve, *o.mean_passes)
                    : cheapest_with(rule.validation_curve, wanted(o, rule), calibration_slack(labels.size()));
  rule.rule = {{rule.validation.threshold}, data.min_passes, data.max_passes};
  if (rule.thresholds == "class") {
    const double keep = o.mean_passes ? static_cast<double>(rule.validation.correct) : wanted(o, rule);
    rule.rule = per_class_with(data, rule.validation, subject.classifier->classes(), keep);
    const Evaluation found = evaluate(stop(tracks, rule.rule), labels, data.pass_costs);
    rule.validation = {0, found.mean_passes, found.mean_cost, found.correct};
  }
}

// Order and length of the list of views.
void choose_views(const TtaOptions& o, const Subject& subject, const StageLogits& logits,
                  std::span<const std::int32_t> labels, CalibratedRule& rule) {
  const std::size_t all = logits.stages.size();
  const std::size_t most = std::min(o.max_passes == 0 ? kMostStaticViews : o.max_passes, all);
  const ScorerFactory scorer = subject.scorer(unweighted(o, rule.scoring), most);
  rule.pool = rule.order == "greedy" ? greedy_order(logits, labels, scorer, most) : first_numbers(most);
  const Tracks tracks = track(logits, rule.pool, scorer);
  if (o.max_passes == 0) rule.pool.resize(shortest_prefix(tracks, labels, kPrefixTolerance, most));
}

// Which subnets. The goal is set by the first and the last of all.
void choose_subnets(const TtaOptions& o, const Subject& subject, const std::vector<Stage>& pool,
                    const StageLogits& logits, std::span<const std::int32_t> labels, CalibratedRule& rule) {
  rule.pool = first_numbers(pool.size());
  Scoring alone = rule.scoring;
  alone.aggregate = Aggregate::kReplace;
  const Tracks each = track(logits, rule.pool, subject.scorer(alone, pool.size()));
  rule.validation_plain = correct_after(each, labels, 1);
  rule.validation_static = correct_after(each, labels, pool.size());
  if (!o.levels.empty() || o.mean_passes) return;
  std::vector<double> costs;
  for (const Stage& stage : pool) costs.push_back(stage.cost);
  rule.pool = choose_stages(logits, labels, costs, subject.scorer(unweighted(o, rule.scoring), pool.size()),
                            wanted(o, rule))
                  .stages;
}

}  // namespace

std::vector<double> CalibratedRule::costs() const {
  std::vector<double> costs;
  for (const Stage& stage : stages) costs.push_back(stage.cost);
  return costs;
}

std::vector<Stage> all_stages(const TtaOptions& o, const Subject& subject, ns::ImageShape shape) {
  std::vector<Stage> stages;
  if (o.stages == "subnets") {
    std::vector<int> levels = o.levels;
    for (int k = 1; o.levels.empty() && k <= subject.classifier->subnets(); ++k) levels.push_back(k);
    for (const int k : levels) {
      if (k < 1 || k > subject.classifier->subnets() || (!stages.empty() && k <= stages.back().subnet)) {
        throw ns::usage_error("--levels: expected rising numbers of subnets from 1 to " +
                              std::to_string(subject.classifier->subnets()) + ", found " + std::to_string(k));
      }
      stages.push_back({{}, k, subject.cost(k)});
    }
    return stages;
  }
  const int subnet = densest(o, subject);
  for (const ns::augment::View& view : ns::augment::read_policy(o.policy, shape)) {
    stages.push_back({view, subnet, subject.cost(subnet)});
  }
  return stages;
}

std::vector<CalibratedRule> calibrate_rules(const TtaOptions& o, const Subject& subject,
                                            const std::vector<Stage>& pool, const StageLogits& logits,
                                            std::span<const std::int32_t> labels) {
  std::vector<CalibratedRule> rules;
  for (const std::string& order : o.orders) {
    for (const std::string& aggregate : o.aggregates) {
      for (const std::string& confidence : o.confidences) {
        for (const std::string& thresholds : o.thresholds) {
          CalibratedRule& rule = rules.emplace_back();
          rule.order = order;
          rule.thresholds = thresholds;
          rule.scoring = {aggregate_of(aggregate), confidence_of(confidence), {}};
          if (o.stages == "subnets") {
            choose_subnets(o, subject, pool, logits, labels, rule);
          } else {
            choose_views(o, subject, logits, labels, rule);
          }
          calibrate(o, subject, pool, logits, labels, rule);
        }
      }
    }
  }
  return rules;
}

CalibratedRule given_rule(const TtaOptions& o, const std::vector<Stage>& pool) {
  CalibratedRule rule;
  rule.scoring = {aggregate_of(o.aggregates.front()), confidence_of(o.confidences.front()), {}};
  rule.pool = first_numbers(o.max_passes == 0 ? pool.size() : std::min(o.max_passes, pool.size()));
  for (const std::size_t stage : rule.pool) rule.stages.push_back(pool[stage]);
  rule.rule = {{*o.threshold}, std::min(o.min_passes, rule.pool.size()), rule.pool.size()};
  return rule;
}

bool has_subnets(const RuleFile& file) {
  const std::vector<RuleFile::Stage>& stages = file.stages;
  const bool plain = std::all_of(stages.begin(), stages.end(), [](const RuleFile::Stage& stage) {
    return stage.view == ns::augment::View().name();
  });
  const bool rising = std::adjacent_find(stages.begin(), stages.end(), [](const auto& a, const auto& b) {
                        return a.subnet >= b.subnet;
                      }) == stages.end();
  return stages.size() > 1 && plain && rising;
}

namespace {

ns::augment::View view_of(const RuleFile::Stage& stage, ns::ImageShape shape, const std::string& origin) {
  try {
    return ns::augment::parse_view(stage.view, shape, origin);
  } catch (const ns::Error& error) {
    throw ns::input_error(error.what(), error.hint());
  }
}

}  // namespace

CalibratedRule rule_from(const RuleFile& file, const Subject& subject, ns::ImageShape shape,
                         const std::string& origin) {
  if (file.model_sha256 != subject.sha256) {
    throw ns::input_error(origin + ": its thresholds were calibrated for another model, SHA-256 " +
                              file.model_sha256 + "; " + subject.path + " has " + subject.sha256,
                          "calibrate again with --save-rule");
  }
  const std::size_t columns = file.rule.thresholds.size();
  if (columns != 1 && columns != subject.classifier->classes()) {
    throw ns::input_error(origin + ": has " + std::to_string(columns) + " thresholds for " +
                          std::to_string(subject.classifier->classes()) + " classes");
  }
  CalibratedRule rule;
  rule.scoring = file.scoring;
  rule.rule = file.rule;
  rule.thresholds = columns == 1 ? "one" : "class";
  const bool subnets = has_subnets(file);
  for (const RuleFile::Stage& stage : file.stages) {
    if (stage.subnet < 1 || stage.subnet > subject.classifier->subnets()) {
      throw ns::input_error(origin + ": no subnet " + std::to_string(stage.subnet) + " in " + subject.path);
    }
    rule.pool.push_back(subnets ? static_cast<std::size_t>(stage.subnet - 1) : rule.pool.size());
    rule.stages.push_back({view_of(stage, shape, origin), stage.subnet, subject.cost(stage.subnet)});
  }
  return rule;
}

RuleFile to_file(const CalibratedRule& rule, const Subject& subject) {
  RuleFile file{subject.sha256, {}, rule.scoring, rule.rule};
  for (const Stage& stage : rule.stages) file.stages.push_back({stage.view.name(), stage.subnet});
  return file;
}
