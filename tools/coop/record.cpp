#include "anytime/json.h"
#include "coop/report.h"
#include "ns/base/version.h"

using namespace ns::anytime;
using Json = nlohmann::ordered_json;

namespace {

Json cycles_json(const ns::deploy::CycleEstimate& cycles) {
  return {{"low", std::llround(cycles.low)},
          {"estimate", std::llround(cycles.mid)},
          {"high", std::llround(cycles.high)}};
}

Json partner_json(const CoopOptions& o, const Partner& partner, const Evaluation& alone) {
  Json json = {{"model", partner.path},
               {"artifact_sha256", partner.sha256},
               {"network", partner.network},
               {"subnet", partner.subnet},
               {"view", partner.view.name()},
               {"macs", partner.macs},
               {"cost", partner.cost},
               {"flash_bytes", partner.flash_bytes},
               {"arena_bytes", partner.arena_bytes},
               {"alone", evaluation_json(alone)}};
  if (o.emulated()) json["cycles"] = cycles_json(partner.cycles);
  return json;
}

Json rule_json(const CoopRule& rule) {
  return {{"aggregate", name(rule.scoring.aggregate)},
          {"confidence", name(rule.scoring.confidence)},
          {"weights", rule.scoring.weights},
          {"threshold_kind", rule.thresholds},
          {"thresholds", rule.rule.thresholds}};
}

Json validation_json(const CoopOptions& o, const Calibration& calibration) {
  Json json = {{"images", calibration.images},
               {"views", o.calibration_views},
               {"alone_correct", calibration.alone_correct},
               {"correct", calibration.rule().validation.correct},
               {"mean_cost", calibration.rule().validation.mean_cost},
               {"curve", curve_json(calibration.rule().validation_curve, calibration.images)},
               {"candidates", Json::array()}};
  for (const CoopRule& rule : calibration.rules) {
    json["candidates"].push_back({{"aggregate", name(rule.scoring.aggregate)},
                                  {"confidence", name(rule.scoring.confidence)},
                                  {"threshold_kind", rule.thresholds},
                                  {"correct", rule.validation.correct},
                                  {"mean_cost", rule.validation.mean_cost},
                                  {"reaches_target", rule.reached}});
  }
  return json;
}

}  // namespace

Json to_json(const CoopOptions& o, const Partners& partners, const Calibration& calibration,
             const CoopResult& result, const ns::data::Dataset& test) {
  Json json = {{"schema", "nestkit.coop/1"},
               {"tool", "coop-eval"},
               {"version", ns::version()},
               {"data", test.name},
               {"data_manifest_sha256", test.manifest_sha256},
               {"images", test.size()},
               {"cost_unit", partners.cost_unit},
               {"target", o.target()}};
  if (o.target() == "break-even") {
    json["margin"] = o.margin;
    json["standard_errors"] = o.standard_errors;
  }
  json["stages"] = Json::array();
  for (std::size_t i = 0; i < partners.stages.size(); ++i) {
    json["stages"].push_back(partner_json(o, partners.stages[i], result.alone[i]));
    json["stages"].back()["reached"] = result.reached[i];
  }
  json["rule"] = rule_json(calibration.rule());
  if (calibration.images > 0) {
    json["validation"] = validation_json(o, calibration);
  } else {
    json["validation"] = nullptr;
    json["validation_reason"] = "the threshold was given, not calibrated";
  }
  json["together"] = evaluation_json(result.together);
  json["together_minus_last"] = comparison_json(result.over_last);
  json["cost_saved"] = result.cost_saved(partners);
  json["worst_cost"] = result.worst_cost;
  json["flash_bytes"] = result.file.size();
  json["arena_bytes"] = result.arena_bytes;
  json["ram_bytes"] = result.ram_bytes;
  if (result.board) {
    const BoardResult& board = *result.board;
    json["mean_cycles"] = cycles_json(result.mean_cycles);
    json["worst_cycles"] = cycles_json(result.worst_cycles);
    json["cycles_note"] = ns::deploy::kCycleEstimateNote;
    json["emulator"] = {{"images", board.instructions.size()},
                        {"different_verdicts", board.different},
                        {"mean_instructions", board.mean_instructions},
                        {"worst_instructions", board.worst_instructions}};
  } else {
    json["emulator"] = nullptr;
    json["emulator_reason"] = "not asked for: --target host,emulator";
  }
  json["beside"] = Json::array();
  for (std::size_t i = 0; i < partners.beside.size(); ++i)
    json["beside"].push_back(partner_json(o, partners.beside[i], result.alone[partners.stages.size() + i]));
  json["curve"] = curve_json(result.curve, test.size());
  return json;
}

std::string per_sample_lines(const CoopResult& result, std::span<const std::int32_t> labels) {
  std::string text;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Json json = sample_json(i, labels[i], result.outcome);
    json["last_answer"] = result.last_answers[i];
    if (result.board && i < result.board->instructions.size())
      json["instructions"] = result.board->instructions[i];
    text += json.dump() + "\n";
  }
  return text;
}
