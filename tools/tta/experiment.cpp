#include "tta/experiment.h"

#include <algorithm>
#include <numeric>

#include "common/progress.h"
#include "common/stop_signal.h"
#include "ns/data/corrupt.h"

using namespace ns::anytime;

namespace {

// A list of stages and the tracks through them, with what counts as plain and as static.
struct Material {
  Outcome plain, full;
  double plain_cost = 0;
  std::vector<double> full_costs;
};

Outcome after(const Tracks& tracks, std::size_t pass) {
  StoppingRule rule;
  rule.max_passes = rule.min_passes = pass;
  return stop(tracks, rule);
}

// A single stage's answers, as if it were the only one.
Outcome alone(const Subject& subject, const StageLogits& logits, std::size_t stage, Scoring scoring) {
  scoring.aggregate = Aggregate::kReplace;
  return after(track(logits, std::vector<std::size_t>{stage}, subject.scorer(scoring, 1)), 1);
}

TtaResult result_of(const CalibratedRule& rule, const Tracks& tracks, const Material& material,
                    Outcome adaptive, std::span<const std::int32_t> labels) {
  TtaResult result;
  const std::vector<double> costs = rule.costs();
  result.plain = evaluate(material.plain, labels, std::vector<double>{material.plain_cost});
  result.full = evaluate(material.full, labels, material.full_costs);
  result.adaptive = evaluate(adaptive, labels, costs);
  result.full_over_plain = compare(material.full, material.plain, labels);
  result.over_static = compare(adaptive, material.full, labels);
  result.over_plain = compare(adaptive, material.plain, labels);
  result.curve = accuracy_cost_curve({tracks, labels, costs, rule.rule.min_passes, rule.rule.max_passes});
  result.full_outcome = material.full;
  result.adaptive_outcome = std::move(adaptive);
  return result;
}

Material of_views(const CalibratedRule& rule, const Tracks& tracks) {
  return {after(tracks, 1), after(tracks, rule.stages.size()), rule.stages.front().cost, rule.costs()};
}

Material of_subnets(const Subject& subject, const CalibratedRule& rule, const StageLogits& logits,
                    const std::vector<Stage>& pool) {
  return {alone(subject, logits, 0, rule.scoring),
          alone(subject, logits, pool.size() - 1, rule.scoring),
          pool.front().cost,
          {pool.back().cost}};
}

class Bar {
 public:
  Bar(const TtaOptions& o, const std::string& what, std::size_t total)
      : bar_(what, "passes", progress_mode(o.progress)), total_(static_cast<std::int64_t>(total)) {}
  ns::anytime::Progress update() {
    return [this](std::size_t done) {
      throw_if_stopped();
      bar_.update(static_cast<std::int64_t>(done), total_);
    };
  }

 private:
  ::Progress bar_;
  std::int64_t total_;
};

std::vector<std::size_t> numbers(std::size_t count) {
  std::vector<std::size_t> result(count);
  std::iota(result.begin(), result.end(), std::size_t{0});
  return result;
}

}  // namespace

namespace {

// Subnets: static evaluation is not the whole list but the densest one alone.
TtaResult run_subnets(const TtaOptions& o, const Subject& subject, const CalibratedRule& rule,
                      const std::vector<Stage>& pool, const ns::data::Dataset& test) {
  TtaResult result = run_rules(o, subject, {rule}, pool, test).front();
  StageRunner runner(*subject.classifier, test);
  const auto once = [&](const Stage& stage) {
    const std::vector<Stage> list{stage};
    return runner.run(list, StoppingRule(), subject.scorer(rule.scoring, 1), false).total();
  };
  result.plain_seconds = once(pool.front());
  result.static_seconds = once(pool.back());
  AdaptiveRun adaptive =
      runner.run(rule.stages, rule.rule, subject.scorer(rule.scoring, rule.stages.size()), false);
  result.adaptive_seconds = adaptive.total();
  return result;
}

}  // namespace

TtaResult run_rule(const TtaOptions& o, const Subject& subject, const CalibratedRule& rule,
                   const std::vector<Stage>& pool, const ns::data::Dataset& test) {
  if (o.stages == "subnets") return run_subnets(o, subject, rule, pool, test);
  StageRunner runner(*subject.classifier, test);
  const std::size_t length = rule.stages.size();
  const ScorerFactory scorer = subject.scorer(rule.scoring, length);
  StoppingRule never;
  never.max_passes = never.min_passes = length;
  AdaptiveRun full, adaptive;
  {
    Bar bar(o, "static", length * test.size());
    full = runner.run(rule.stages, never, scorer, true, bar.update());
  }
  {
    Bar bar(o, "adaptive", length * test.size());
    adaptive = runner.run(rule.stages, rule.rule, scorer, false, bar.update());
  }
  const Tracks tracks = track(full.logits, numbers(length), scorer);
  TtaResult result =
      result_of(rule, tracks, of_views(rule, tracks), std::move(adaptive.outcome), test.labels);
  result.plain_seconds = full.seconds.front();
  result.static_seconds = full.total();
  result.adaptive_seconds = adaptive.total();
  return result;
}

std::vector<TtaResult> run_rules(const TtaOptions& o, const Subject& subject,
                                 const std::vector<CalibratedRule>& rules, const std::vector<Stage>& pool,
                                 const ns::data::Dataset& test) {
  StageRunner runner(*subject.classifier, test);
  Bar bar(o, "test images", pool.size() * test.size());
  const StageLogits logits = runner.all_logits(pool, bar.update());
  std::vector<TtaResult> results;
  for (const CalibratedRule& rule : rules) {
    const Tracks tracks = track(logits, rule.pool, subject.scorer(rule.scoring, rule.pool.size()));
    results.push_back(
        result_of(rule, tracks,
                  o.stages == "subnets" ? of_subnets(subject, rule, logits, pool) : of_views(rule, tracks),
                  stop(tracks, rule.rule), test.labels));
  }
  return results;
}

std::vector<TtaResult> run_all(const TtaOptions& o, const Subject& subject,
                               const std::vector<CalibratedRule>& rules, const std::vector<Stage>& pool,
                               const ns::data::Dataset& clean,
                               const std::optional<ns::augment::Corruption>& corruption) {
  std::optional<ns::data::Dataset> spoilt;
  if (corruption) spoilt = ns::data::corrupted(clean, *corruption, o.seed);
  const ns::data::Dataset& test = spoilt ? *spoilt : clean;
  std::vector<TtaResult> results = rules.size() == 1
                                       ? std::vector{run_rule(o, subject, rules.front(), pool, test)}
                                       : run_rules(o, subject, rules, pool, test);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    results[i].corruption = corruption;
    if (o.emulated()) results[i].emulator = emulate(o, subject, rules[i], pool, test);
  }
  return results;
}
