#include "anytime/json.h"
#include "ns/base/version.h"
#include "tta/report.h"

using namespace ns::anytime;
using Json = nlohmann::ordered_json;

namespace {

Json corruption_json(const ns::augment::Corruption& corruption) {
  return {{"name", corruption.name()}, {"severity", corruption.severity}};
}

}  // namespace

Json to_json(const TtaOptions& o, const Subject& subject, const CalibratedRule& rule, const TtaResult& result,
             const ns::data::Dataset& test) {
  Json json = {{"schema", "nestkit.tta/1"},
               {"tool", "tta-eval"},
               {"version", ns::version()},
               {"model", subject.path},
               {"artifact_sha256", subject.sha256},
               {"packed", subject.packed != nullptr},
               {"data", test.name},
               {"data_manifest_sha256", test.manifest_sha256},
               {"images", test.size()},
               {"seed", o.seed}};
  if (result.corruption) {
    json["corruption"] = corruption_json(*result.corruption);
  } else {
    json["corruption"] = nullptr;
    json["corruption_reason"] = "images as they are";
  }
  json["stages_kind"] = o.stages;
  json["cost_unit"] = subject.cost_unit;
  json["stages"] = Json::array();
  for (const Stage& stage : rule.stages) {
    json["stages"].push_back({{"view", stage.view.name()}, {"subnet", stage.subnet}, {"cost", stage.cost}});
  }
  if (o.rule.empty()) {
    json["policy"] = o.policy;
  } else {
    json["policy"] = nullptr;
    json["policy_reason"] = "the rule's file lists its stages";
  }
  json["order"] = rule.order;
  json["aggregate"] = name(rule.scoring.aggregate);
  json["confidence"] = name(rule.scoring.confidence);
  json["weights"] = rule.scoring.weights;
  json["threshold_kind"] = rule.thresholds;
  json["thresholds"] = rule.rule.thresholds;
  json["min_passes"] = rule.rule.min_passes;
  json["max_passes"] = rule.rule.max_passes;
  if (rule.validation_images > 0) {
    if (o.mean_passes) {
      json["target_mean_passes"] = *o.mean_passes;
    } else {
      json["keep_gain"] = o.keep_gain.value_or(1.0);
    }
    json["validation"] = {{"images", rule.validation_images},
                          {"corrupted_in_turn", o.calibration_corruptions},
                          {"plain_correct", rule.validation_plain},
                          {"static_correct", rule.validation_static},
                          {"adaptive_correct", rule.validation.correct},
                          {"mean_passes", rule.validation.mean_passes},
                          {"mean_cost", rule.validation.mean_cost},
                          {"curve", curve_json(rule.validation_curve, rule.validation_images)}};
  } else {
    json["validation"] = nullptr;
    json["validation_reason"] = "the rule was given, not calibrated";
  }
  json["plain"] = evaluation_json(result.plain, result.plain_seconds);
  json["static"] = evaluation_json(result.full, result.static_seconds);
  json["adaptive"] = evaluation_json(result.adaptive, result.adaptive_seconds);
  json["static_minus_plain"] = comparison_json(result.full_over_plain);
  json["adaptive_minus_static"] = comparison_json(result.over_static);
  json["adaptive_minus_plain"] = comparison_json(result.over_plain);
  json["passes_saved"] = result.passes_saved();
  json["cost_saved"] = result.cost_saved();
  if (result.static_seconds) {
    json["time_saved"] = result.static_seconds->cpu / result.adaptive_seconds->cpu;
  } else {
    json["time_saved"] = nullptr;
    json["time_saved_reason"] = "several rules are computed from the same logits";
  }
  if (result.emulator) {
    const EmulatorResult& e = *result.emulator;
    json["emulator"] = {{"images", e.images},
                        {"different_verdicts", e.different},
                        {"plain_instructions", e.plain_instructions},
                        {"static_instructions", e.static_instructions},
                        {"adaptive_instructions", e.adaptive_instructions},
                        {"instructions_saved", e.static_instructions / e.adaptive_instructions}};
  } else {
    json["emulator"] = nullptr;
    json["emulator_reason"] = "not asked for: --target host,emulator";
  }
  json["curve"] = curve_json(result.curve, test.size());
  return json;
}

std::string per_sample_lines(const TtaResult& result, std::span<const std::int32_t> labels) {
  std::string text;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Json json = sample_json(i, labels[i], result.adaptive_outcome);
    json["static_answer"] = result.full_outcome.verdicts[i].answer;
    if (result.corruption) json["corruption"] = corruption_json(*result.corruption);
    text += json.dump() + "\n";
  }
  return text;
}
