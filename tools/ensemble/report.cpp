#include "ensemble/report.h"

#include "common/log.h"
#include "ns/base/version.h"
#include "ns/report/table.h"

using ns::report::fixed;
using ns::report::grouped;
using ns::report::percent;
using ns::report::Table;

namespace {

std::string accuracy_table(const EnsembleReport& report) {
  const auto& e = report.evaluation;
  Table table({{"answer of", Table::Align::kLeft}, {"accuracy"}, {"MACs"}});
  double macs = 0;
  for (std::size_t k = 0; k < e.members.size(); ++k) {
    macs += report.member_macs[k];
    table.row({"member " + std::to_string(k + 1), percent(e.members[k]),
               grouped(static_cast<std::int64_t>(report.member_macs[k]))});
  }
  const std::string all = grouped(static_cast<std::int64_t>(macs));
  table.row({"all, mean of logits", percent(e.mean_logit), all});
  table.row({"all, mean of probabilities (soft vote)", percent(e.soft_vote), all});
  table.row({"all, most frequent answer (hard vote)", percent(e.hard_vote), all});
  return table.text();
}

std::string cost_table(const EnsembleReport& report) {
  Table table({{"layer", Table::Align::kLeft},
               {"kind", Table::Align::kLeft},
               {"weights"},
               {"weight bytes"},
               {"32-bit numbers"},
               {"MACs"}});
  for (const auto& layer : report.layers) {
    table.row({layer.name,
               layer.weights == 0 ? ""
               : layer.binary     ? "1-bit"
                                  : "int8",
               grouped(layer.weights), grouped(layer.weight_bytes(true)), grouped(layer.words),
               grouped(layer.macs)});
  }
  return table.text();
}

}  // namespace

std::string text_of(const EnsembleReport& report) {
  const auto& e = report.evaluation;
  const ns::binary::TotalCost cost = ns::binary::total(report.layers);
  std::string text = accuracy_table(report) + "\n" + grouped(static_cast<std::int64_t>(report.images)) +
                     " test images of " + report.dataset + "; 95 % interval of the mean of logits " +
                     percent(e.interval.low) + " to " + percent(e.interval.high) + ".\n";
  if (e.members.size() > 1) {
    text += "Two members disagree on " + percent(e.disagreement) + " of the images.\n";
  }
  if (report.early) {
    text += "Asked one after another until the " + report.confidence + " reaches " +
            fixed(report.early->threshold, 4) + ": " + percent(report.early->stopped.accuracy()) + " with " +
            fixed(report.early->stopped.mean_passes, 2) + " members and " +
            grouped(static_cast<std::int64_t>(report.early->stopped.mean_cost)) + " MACs on average.\n";
  }
  text += "\n" + cost_table(report) + "\n1-bit weights " + grouped(cost.binary_bytes) +
          " bytes, int8 weights " + grouped(cost.int8_bytes) + ", 32-bit numbers " +
          grouped(cost.word_bytes) + ": " + grouped(cost.packed_bytes()) +
          " bytes; with float32 instead of int8 " + grouped(cost.float_bytes()) + ".\n" +
          grouped(cost.binary_macs) + " binary and " + grouped(cost.real_macs) + " other MACs.\n";
  return text;
}

ns::Json json_of(const EnsembleReport& report) {
  const auto& e = report.evaluation;
  const ns::binary::TotalCost cost = ns::binary::total(report.layers);
  ns::Json layers = ns::Json::array();
  for (const auto& layer : report.layers) {
    layers.push_back({{"name", layer.name},
                      {"kind", layer.weights == 0 ? "none"
                               : layer.binary     ? "1-bit"
                                                  : "int8"},
                      {"weights", layer.weights},
                      {"weight_bytes", layer.weight_bytes(true)},
                      {"words", layer.words},
                      {"macs", layer.macs}});
  }
  ns::Json json{{"schema", "nestkit.ensemble/1"},
                {"tool", "bin-ensemble"},
                {"version", ns::version()},
                {"artifact_sha256", report.sha256s},
                {"networks", report.networks},
                {"configs", report.configs},
                {"dataset", report.dataset},
                {"images", report.images},
                {"excluded_images", report.excluded_images},
                {"member_accuracies", e.members},
                {"member_macs", report.member_macs},
                {"accuracy_top1", e.mean_logit},
                {"accuracy_low", e.interval.low},
                {"accuracy_high", e.interval.high},
                {"soft_vote", e.soft_vote},
                {"hard_vote", e.hard_vote},
                {"disagreement", e.disagreement},
                {"prefix_correct", e.prefix_correct},
                {"layers", layers},
                {"binary_weight_bytes", cost.binary_bytes},
                {"int8_weight_bytes", cost.int8_bytes},
                {"word_bytes", cost.word_bytes},
                {"packed_bytes", cost.packed_bytes()},
                {"float_bytes", cost.float_bytes()},
                {"binary_macs", cost.binary_macs},
                {"real_macs", cost.real_macs}};
  if (report.early) {
    json["early_stop"] = {{"confidence", report.confidence},
                          {"threshold", report.early->threshold},
                          {"accuracy_top1", report.early->stopped.accuracy()},
                          {"mean_members", report.early->stopped.mean_passes},
                          {"mean_macs", report.early->stopped.mean_cost},
                          {"members_histogram", report.early->stopped.histogram}};
  }
  return json;
}

void tell_missed_gate(const std::string& message) {
  log_error("{}", message);
}
