#include "coop/report.h"

#include "ns/report/table.h"

using namespace ns::anytime;
using ns::report::fixed;
using ns::report::grouped;
using ns::report::percent;
using ns::report::Table;
using ns::report::with_sign;

namespace {

constexpr std::size_t kCurveRows = 40;

std::string cycles_text(const ns::deploy::CycleEstimate& cycles) {
  if (cycles.mid == 0) return "";
  return fixed(cycles.mid / 1e6, 2) + " (" + fixed(cycles.low / 1e6, 2) + "-" + fixed(cycles.high / 1e6, 2) +
         ")";
}

std::string interval_text(const Evaluation& e) {
  return fixed(100 * e.interval.low, 2) + "-" + fixed(100 * e.interval.high, 2);
}

Table result_table(const CoopOptions& o, const Partners& partners, const CoopResult& result) {
  using Align = Table::Align;
  Table table({{"who", Align::kLeft},
               {"top-1"},
               {"95 % interval"},
               {"reached by"},
               {o.emulated() ? "M insn" : "M MAC"},
               {"worst"},
               {"M cycles (estimate)"},
               {"cost saved"},
               {"flash bytes"},
               {"RAM bytes"}});
  const double last = partners.stages.back().cost;
  const auto row = [&](const Partner& partner, const Evaluation& alone, const std::string& share) {
    table.row({partner.name, percent(alone.accuracy()), interval_text(alone), share,
               fixed(partner.cost / 1e6, 3), fixed(partner.cost / 1e6, 3), cycles_text(partner.cycles),
               fixed(last / partner.cost, 2), grouped(static_cast<std::int64_t>(partner.flash_bytes)),
               grouped(static_cast<std::int64_t>(partner.arena_bytes))});
  };
  for (std::size_t i = 0; i < partners.stages.size(); ++i) {
    const double share = static_cast<double>(result.reached[i]) / static_cast<double>(result.together.images);
    row(partners.stages[i], result.alone[i], percent(share));
  }
  table.row({"together", percent(result.together.accuracy()), interval_text(result.together), "",
             fixed(result.together.mean_cost / 1e6, 3), fixed(result.worst_cost / 1e6, 3),
             cycles_text(result.mean_cycles), fixed(result.cost_saved(partners), 2),
             grouped(static_cast<std::int64_t>(result.file.size())),
             grouped(static_cast<std::int64_t>(result.arena_bytes))});
  for (std::size_t i = 0; i < partners.beside.size(); ++i)
    row(partners.beside[i], result.alone[partners.stages.size() + i], "beside");
  return table;
}

std::string rule_text(const Calibration& calibration) {
  const CoopRule& rule = calibration.rule();
  std::string text =
      "Rule: aggregate " + name(rule.scoring.aggregate) + ", confidence " + name(rule.scoring.confidence) +
      ", threshold " +
      (rule.thresholds == "one" ? fixed(rule.rule.thresholds[0], 4) : "per " + rule.thresholds);
  for (std::size_t i = 0; i < rule.scoring.weights.size(); ++i)
    text +=
        (i == 0 ? "; weights " : " ") + fixed(rule.scoring.weights[i] / static_cast<double>(kWeightUnits), 3);
  if (calibration.images == 0) return text + "; given, not calibrated.\n";
  return text + "; chosen among " + std::to_string(calibration.rules.size()) + " on " +
         grouped(static_cast<std::int64_t>(calibration.images)) + " validation images.\n";
}

}  // namespace

std::string result_text(const CoopOptions& o, const Partners& partners, const Calibration& calibration,
                        const CoopResult& result) {
  std::string text = result_table(o, partners, result).text() + "\n" + rule_text(calibration);
  text += "Together against the last model alone: " + with_sign(result.over_last.points) + " points (95 % " +
          with_sign(result.over_last.low) + " to " + with_sign(result.over_last.high) +
          ", paired bootstrap); " + std::to_string(result.over_last.became_right) +
          " answers became right, " + std::to_string(result.over_last.became_wrong) +
          " wrong. RAM with input, scores and the rule's memory: " +
          grouped(static_cast<std::int64_t>(result.ram_bytes)) + " bytes.\n";
  if (result.board) {
    const BoardResult& board = *result.board;
    text += "Emulated Cortex-M7, " + grouped(static_cast<std::int64_t>(board.instructions.size())) +
            " images: " + std::to_string(board.different) +
            " verdicts differ from the host's; M instructions per image " +
            fixed(board.mean_instructions / 1e6, 3) + " in the mean, " +
            fixed(board.worst_instructions / 1e6, 3) + " at worst, rule included.\n" +
            ns::deploy::kCycleEstimateNote + ".\n";
  }
  if (!o.curve) return text;
  Table curve({{"threshold"}, {"passes"}, {o.emulated() ? "M insn" : "M MAC"}, {"top-1"}});
  for (const CurvePoint& point : thinned(result.curve, kCurveRows)) {
    curve.row({fixed(point.threshold, 4), fixed(point.mean_passes, 3), fixed(point.mean_cost / 1e6, 3),
               percent(static_cast<double>(point.correct) / static_cast<double>(result.together.images))});
  }
  return text + "\n" + curve.text();
}

std::vector<std::string> missed_gates(const CoopOptions& o, const Partners& partners, const CoopResult& r) {
  std::vector<std::string> missed;
  const CoopGates& gates = o.gates;
  if (r.board && r.board->different > 0) {
    missed.push_back(std::to_string(r.board->different) + " of " +
                     std::to_string(r.board->instructions.size()) +
                     " verdicts of the emulated board are not the host's");
  }
  if (gates.min_test_accuracy && r.together.accuracy() < *gates.min_test_accuracy) {
    missed.push_back("accuracy " + fixed(r.together.accuracy(), 4) + " < --min-test-accuracy " +
                     fixed(*gates.min_test_accuracy, 4));
  }
  if (gates.min_cost_saved && r.cost_saved(partners) < *gates.min_cost_saved) {
    missed.push_back("cost saved " + fixed(r.cost_saved(partners), 3) + " < --min-cost-saved " +
                     fixed(*gates.min_cost_saved, 3));
  }
  if (gates.max_loss && -r.over_last.points > *gates.max_loss) {
    missed.push_back("loss of " + fixed(-r.over_last.points, 3) + " points > --max-loss " +
                     fixed(*gates.max_loss, 3));
  }
  if (gates.max_flash && r.file.size() > *gates.max_flash) {
    missed.push_back(std::to_string(r.file.size()) + " bytes of flash > --max-flash " +
                     std::to_string(*gates.max_flash));
  }
  if (gates.max_ram && r.arena_bytes > *gates.max_ram) {
    missed.push_back(std::to_string(r.arena_bytes) + " bytes of RAM > --max-ram " +
                     std::to_string(*gates.max_ram));
  }
  return missed;
}
