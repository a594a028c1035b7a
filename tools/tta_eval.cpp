// tta-eval: test-time augmentation that knows when to stop, and adaptive choice of the subnet.

#include "anytime/validation.h"
#include "common/data_set.h"
#include "common/default_firmware.h"
#include "common/log.h"
#include "common/progress.h"
#include "common/run_tool.h"
#include "common/stop_signal.h"
#include "common/streams.h"
#include "ns/base/atomic_file.h"
#include "ns/base/error.h"
#include "ns/data/catalog.h"
#include "ns/data/corrupt.h"
#include "ns/data/split.h"
#include "tta/declare.h"
#include "tta/report.h"

namespace {

std::vector<CalibratedRule> make_rules(const TtaOptions& o, const Subject& subject,
                                       const std::vector<ns::anytime::Stage>& pool) {
  if (o.threshold) return {given_rule(o, pool)};
  std::vector<ns::augment::Corruption> corruptions;
  for (const std::string& text : o.calibration_corruptions)
    corruptions.push_back(ns::augment::parse_corruption(text));
  const ns::data::Dataset validation = ns::data::corrupted_in_turn(
      validation_split(o.data, o.calibration_images, subject.held_out, subject.path), corruptions, o.seed);
  Progress bar("validation", "passes", progress_mode(o.progress));
  const auto logits =
      ns::anytime::StageRunner(*subject.classifier, validation).all_logits(pool, [&](std::size_t done) {
        throw_if_stopped();
        bar.update(static_cast<std::int64_t>(done),
                   static_cast<std::int64_t>(pool.size() * validation.size()));
      });
  bar.clear();
  return calibrate_rules(o, subject, pool, logits, validation.labels);
}

int run(const CLI::App& app, TtaOptions o) {
  std::optional<ns::anytime::RuleFile> given;
  if (!o.rule.empty()) {
    refuse_given(app,
                 {"--stages", "--levels", "--policy", "--subnet", "--order", "--aggregate", "--confidence",
                  "--thresholds", "--min-passes", "--max-passes", "--calibration-images"},
                 "--rule's file says what runs and when it stops");
    given = ns::anytime::read_rule(o.rule);
    o.stages = has_subnets(*given) ? "subnets" : "views";
  }
  if (o.aggregates.empty()) o.aggregates = {o.stages == "subnets" ? "replace" : "mean"};
  check(o);
  watch_stop_signals();
  const auto overwrite = o.overwrite ? ns::Overwrite::kYes : ns::Overwrite::kNo;
  for (const std::string& path : {o.save_rule, o.per_sample}) {
    if (!path.empty()) ns::check_writable(path, overwrite, {o.model, o.rule});
  }
  choose_data_set(o.data, {o.model});
  ns::data::Dataset test = ns::data::load_dataset(o.data.data, o.data.data_dir, ns::data::Part::kTest);
  if (o.images > 0 && o.images < test.size()) test = ns::data::take_first(std::move(test), o.images);
  Subject subject = open_subject(o.model, test, o.threads);
  if (o.emulated()) subject.count_instructions(o.firmware);
  std::vector<CalibratedRule> rules;
  if (given) rules = {rule_from(*given, subject, test.shape, o.rule)};
  const auto pool = given && o.stages == "views" ? rules.front().stages : all_stages(o, subject, test.shape);
  if (!given) rules = make_rules(o, subject, pool);
  if (!o.save_rule.empty()) {
    ns::AtomicFile file(o.save_rule, overwrite);
    file.write(to_json(to_file(rules.front(), subject)).dump(2) + "\n");
    file.commit();
  }

  std::vector<std::optional<ns::augment::Corruption>> versions{std::nullopt};
  for (const std::string& text : o.corruptions) versions.push_back(ns::augment::parse_corruption(text));
  std::vector<std::string> missed;
  std::string samples;
  for (const auto& corruption : versions) {
    const std::vector<TtaResult> results = run_all(o, subject, rules, pool, test, corruption);
    if (o.json) {
      for (std::size_t i = 0; i < rules.size(); ++i)
        standard_output().record(to_json(o, subject, rules[i], results[i], test));
    } else {
      standard_output().write((corruption ? "\n" : "") + results_text(o, rules, results));
    }
    for (const TtaResult& result : results) {
      for (const std::string& line : missed_gates(result, o.gates)) missed.push_back(o.model + ": " + line);
    }
    if (!o.per_sample.empty()) samples += per_sample_lines(results.front(), test.labels);
  }
  if (!o.per_sample.empty()) {
    ns::AtomicFile file(o.per_sample, overwrite);
    file.write(samples);
    file.commit();
  }
  for (const std::string& line : missed) log_error("{}", line);
  return missed.empty() ? kDone : kCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  const ToolInfo info{
      "tta-eval",
      "Test-time augmentation that stops when it is sure: plain, static and adaptive side by side.",
      "  tta-eval model.nsm --policy ten_crop --keep-gain 1.0\n"
      "  tta-eval nested.safetensors --stages subnets --json > adaptive.jsonl",
      "ns-bench measures a packed model's subnets one by one."};
  TtaOptions options;
  options.firmware = default_firmware();
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&] { return run(app, options); };
  });
}
