#include "tta/report.h"
#include "ns/report/table.h"

using namespace ns::anytime;
using ns::report::fixed;
using ns::report::grouped;
using ns::report::percent;
using ns::report::Table;
using ns::report::with_sign;

namespace {

constexpr std::size_t kCurveRows = 40;

std::string scoring_text(const CalibratedRule& rule) {
  return name(rule.scoring.aggregate) + ", " + name(rule.scoring.confidence);
}

std::string result_text(const TtaOptions& o, const CalibratedRule& rule, const TtaResult& result) {
  const std::string unit = o.emulated() ? "M insn" : "M MAC";
  using Align = Table::Align;
  Table table({{"evaluation", Align::kLeft},
               {"top-1"},
               {"95 % interval"},
               {"passes"},
               {"median"},
               {"worst"},
               {unit},
               {"CPU s"},
               {"cost saved"},
               {"time saved"},
               {"right"},
               {"wrong"},
               {"cal. error"}});
  const auto row = [&](const std::string& title, const Evaluation& e, const std::optional<Seconds>& seconds,
                       const Comparison* change) {
    const bool timed = seconds && result.static_seconds && seconds->cpu > 0;
    table.row({title, percent(e.accuracy()),
               fixed(100 * e.interval.low, 2) + "-" + fixed(100 * e.interval.high, 2),
               fixed(e.mean_passes, 2), std::to_string(e.median_passes), std::to_string(e.worst_passes),
               fixed(e.mean_cost / 1e6, 2), seconds ? fixed(seconds->cpu, 2) : "-",
               fixed(result.full.mean_cost / e.mean_cost, 2),
               timed ? fixed(result.static_seconds->cpu / seconds->cpu, 2) : "-",
               change ? "+" + std::to_string(change->became_right) : "-",
               change ? "-" + std::to_string(change->became_wrong) : "-", fixed(e.calibration_error, 4)});
  };
  row("plain", result.plain, result.plain_seconds, nullptr);
  row("static", result.full, result.static_seconds, &result.full_over_plain);
  row("adaptive", result.adaptive, result.adaptive_seconds, &result.over_plain);
  std::string text;
  text += table.text();
  text += "\nright, wrong: answers that became so, against plain. Adaptive against static: " +
          with_sign(result.over_static.points) + " points (95 % " + with_sign(result.over_static.low) +
          " to " + with_sign(result.over_static.high) + ", paired bootstrap).\nRule: " + scoring_text(rule) +
          ", threshold " +
          (rule.rule.thresholds.size() == 1 ? fixed(rule.rule.thresholds[0], 4) : "per class") + "; stages:";
  for (const Stage& stage : rule.stages)
    text += " " + (o.stages == "subnets" ? std::to_string(stage.subnet) : stage.view.name());
  text += "\nImages that stopped after pass 1, 2, …:";
  for (const std::size_t count : result.adaptive.histogram)
    text += " " + grouped(static_cast<std::int64_t>(count));
  text += "\n";
  if (result.emulator) {
    const EmulatorResult& e = *result.emulator;
    text += "Emulated Cortex-M7, " + std::to_string(e.images) + " images: " + std::to_string(e.different) +
            " verdicts differ from the host's; M instructions per image plain " +
            fixed(e.plain_instructions / 1e6, 2) + ", static " + fixed(e.static_instructions / 1e6, 2) +
            ", adaptive " + fixed(e.adaptive_instructions / 1e6, 2) + " (" +
            fixed(e.static_instructions / e.adaptive_instructions, 2) + " times fewer than static).\n";
  }
  if (o.curve) {
    Table curve({{"threshold"}, {"passes"}, {unit}, {"top-1"}});
    for (const CurvePoint& point : thinned(result.curve, kCurveRows)) {
      curve.row({fixed(point.threshold, 4), fixed(point.mean_passes, 3), fixed(point.mean_cost / 1e6, 3),
                 percent(static_cast<double>(point.correct) / static_cast<double>(result.adaptive.images))});
    }
    text += "\n" + curve.text();
  }
  return text;
}

std::string rules_table(const std::vector<CalibratedRule>& rules, const std::vector<TtaResult>& results) {
  using Align = Table::Align;
  Table table({{"order", Align::kLeft},
               {"aggregate", Align::kLeft},
               {"confidence", Align::kLeft},
               {"thresholds", Align::kLeft},
               {"static top-1"},
               {"static passes"},
               {"adaptive top-1"},
               {"passes"},
               {"cost saved"},
               {"against static"}});
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const TtaResult& r = results[i];
    table.row({rules[i].order, name(rules[i].scoring.aggregate), name(rules[i].scoring.confidence),
               rules[i].thresholds, percent(r.full.accuracy()), std::to_string(r.full.worst_passes),
               percent(r.adaptive.accuracy()), fixed(r.adaptive.mean_passes, 3), fixed(r.cost_saved(), 2),
               with_sign(r.over_static.points)});
  }
  return table.text();
}

}  // namespace

std::string results_text(const TtaOptions& o, const std::vector<CalibratedRule>& rules,
                         const std::vector<TtaResult>& results) {
  const auto& corruption = results.front().corruption;
  const std::string title =
      corruption ? corruption->name() + ", severity " + std::to_string(corruption->severity) + "\n" : "";
  return title +
         (rules.size() == 1 ? result_text(o, rules.front(), results.front()) : rules_table(rules, results));
}

std::vector<std::string> missed_gates(const TtaResult& r, const TtaGates& gates) {
  std::vector<std::string> missed;
  if (r.emulator && r.emulator->different > 0) {
    missed.push_back(std::to_string(r.emulator->different) + " of " + std::to_string(r.emulator->images) +
                     " verdicts of the emulated board are not the host's");
  }
  if (gates.min_accuracy && r.adaptive.accuracy() < *gates.min_accuracy) {
    missed.push_back("accuracy " + fixed(r.adaptive.accuracy(), 4) + " < --min-accuracy " +
                     fixed(*gates.min_accuracy, 4));
  }
  if (gates.min_passes_saved && r.passes_saved() < *gates.min_passes_saved) {
    missed.push_back("passes saved " + fixed(r.passes_saved(), 3) + " < --min-passes-saved " +
                     fixed(*gates.min_passes_saved, 3));
  }
  if (gates.max_loss && -r.over_static.points > *gates.max_loss) {
    missed.push_back("loss of " + fixed(-r.over_static.points, 3) + " points > --max-loss " +
                     fixed(*gates.max_loss, 3));
  }
  return missed;
}
