#include "coop/evaluate.h"

#include <algorithm>
#include <cstring>

#include "common/progress.h"
#include "common/stop_signal.h"
#include "ns/base/atomic_file.h"
#include "ns/base/error.h"
#include "ns/data/split.h"
#include "ns/deploy/adaptive_host.h"
#include "ns/deploy/adaptive_session.h"
#include "ns/deploy/benchmark.h"
#include "ns/deploy/cooperative_model.h"

using namespace ns::anytime;
using namespace ns::deploy;

namespace {

Outcome alone(const Partners& partners, const StageLogits& logits, std::size_t stage) {
  const std::vector<std::size_t> one{stage};
  const Scoring scoring{Aggregate::kReplace, Confidence::kMaxProbability, {}};
  return stop(track(logits, one, packed_scorer(scoring, partners.classes(), 1)), {{kNever}, 1, 1});
}

ns::Json calibration_json(const CoopOptions& o, const Calibration& calibration) {
  if (o.threshold) return {{"target", "threshold"}};
  ns::Json json = {{"target", o.target()},
                   {"calibration_images", calibration.images},
                   {"data_manifest_sha256", calibration.manifest_sha256}};
  if (o.margin > 0) json["margin"] = o.margin;
  if (o.standard_errors > 0) json["standard_errors"] = o.standard_errors;
  if (o.min_accuracy) json["min_accuracy"] = *o.min_accuracy;
  if (o.max_mean_cost) json["max_mean_cost"] = *o.max_mean_cost;
  return json;
}

std::uint64_t round_up(std::uint64_t bytes) {
  return (bytes + 15) / 16 * 16;
}

// As firmware/apps/adapt.cpp divides its memory.
void add_memory(const PackedModel& model, CoopResult& result) {
  for (unsigned i = 0; i < model.networks(); ++i)
    result.arena_bytes = std::max<std::uint64_t>(result.arena_bytes, model.network(i).arena_bytes);
  const nsrt_rule& rule = *model.rule();
  const std::uint64_t words = NSRT_AGGREGATE_WORDS(std::uint64_t{rule.classes}, rule.max_passes);
  result.ram_bytes = round_up(result.arena_bytes) + round_up(model.network(0).input.bytes) +
                     round_up(nsrt_adaptive_logit_bytes(&model.model(), &rule)) + 4 * words;
}

void require_same_decisions(const std::vector<nsrt_verdict>& file, const Outcome& outcome) {
  for (std::size_t i = 0; i < file.size(); ++i) {
    if (file[i].answer != outcome.verdicts[i].answer || file[i].passes != outcome.passes[i])
      throw ns::internal_error("the cooperative model decides otherwise than its rule on test image " +
                               std::to_string(i));
  }
}

BoardResult run_board(const CoopOptions& o, const PackedModel& model, const EncodedImages& images,
                      std::span<const nsrt_verdict> host) {
  EmulatorOptions emulator;
  emulator.elf = o.firmware;
  const auto found = run_adaptive(model, emulator, images.inputs, Counting::kInstructions, throw_if_stopped);
  BoardResult result;
  for (std::size_t i = 0; i < images.size(); ++i)
    result.different += std::memcmp(&found.verdicts[i], &host[i], sizeof(nsrt_verdict)) != 0;
  result.instructions = found.instructions;
  result.mean_instructions = found.mean_instructions();
  result.worst_instructions = *std::ranges::max_element(found.instructions);
  return result;
}

// Puts the file together and runs it as a user will.
void run_file(const CoopOptions& o, const Partners& partners, const Calibration& calibration,
              const ns::data::Dataset& test, CoopResult& result) {
  const CoopRule& rule = calibration.rule();
  const PackedRule packed(rule.scoring, rule.rule, partners.stages_only(), partners.classes());
  result.file = combine(partners.parts(), packed, calibration_json(o, calibration));
  const ns::TemporaryFolder folder;
  const std::string path = folder.file("cooperative.nsm");
  ns::AtomicFile file(path, ns::Overwrite::kNo);
  file.write(result.file);
  file.commit();
  const PackedModel model(path);
  add_memory(model, result);
  const EncodedImages images = encode_images(test, model, 0);
  const auto verdicts = run_adaptive(model, *model.rule(), images.inputs, static_cast<unsigned>(o.threads),
                                     [](std::size_t) { throw_if_stopped(); });
  require_same_decisions(verdicts, result.outcome);
  if (o.emulated()) {
    const EncodedImages some = encode_images(test, model, o.emulator_images);
    result.board = run_board(o, model, some, verdicts);
  }
}

}  // namespace

CoopResult evaluate_rule(const CoopOptions& o, const Partners& partners, const Calibration& calibration,
                         const ns::data::Dataset& test) {
  const CoopRule& rule = calibration.rule();
  const std::vector<Stage> everybody = partners.all_stages();
  ::Progress bar("test images", "passes", progress_mode(o.progress));
  const StageLogits logits =
      StageRunner(partners.runners(), test).all_logits(everybody, [&](std::size_t done) {
        throw_if_stopped();
        bar.update(static_cast<std::int64_t>(done),
                   static_cast<std::int64_t>(everybody.size() * test.size()));
      });
  bar.clear();
  CoopResult result;
  Outcome last;
  for (std::size_t i = 0; i < everybody.size(); ++i) {
    Outcome one = alone(partners, logits, i);
    result.alone.push_back(evaluate(one, test.labels, std::vector<double>{everybody[i].cost}));
    if (i == partners.baseline()) last = std::move(one);
  }
  std::vector<double> costs;
  for (const Partner& partner : partners.stages) costs.push_back(partner.cost);
  const Tracks tracks = track(logits, first_numbers(costs.size()), scorer_of(partners, rule.scoring));
  result.outcome = stop(tracks, rule.rule);
  result.together = evaluate(result.outcome, test.labels, costs);
  result.over_last = compare(result.outcome, last, test.labels);
  for (const Verdict& verdict : last.verdicts) result.last_answers.push_back(verdict.answer);
  result.curve =
      accuracy_cost_curve({tracks, test.labels, costs, rule.rule.min_passes, rule.rule.max_passes});
  for (std::size_t i = 0; i < costs.size(); ++i) {
    const auto so_far = [&](std::uint16_t passes) { return passes > i; };
    result.reached.push_back(static_cast<std::size_t>(
        std::count_if(result.outcome.passes.begin(), result.outcome.passes.end(), so_far)));
    const CycleEstimate& cycles = partners.stages[i].cycles;
    const double share = static_cast<double>(result.reached[i]) / static_cast<double>(test.size());
    result.mean_cycles += {cycles.low * share, cycles.mid * share, cycles.high * share};
    result.worst_cycles += cycles;
    result.worst_cost += costs[i];
  }
  run_file(o, partners, calibration, test, result);
  return result;
}
