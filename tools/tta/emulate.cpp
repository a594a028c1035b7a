#include "tta/emulate.h"

#include <algorithm>

#include "common/stop_signal.h"
#include "ns/data/split.h"
#include "ns/deploy/adaptive_session.h"
#include "ns/deploy/benchmark.h"

using namespace ns::anytime;
using namespace ns::deploy;

namespace {

// All of these stages, on as many images as there are inputs.
double instructions_of(const Subject& subject, const EmulatorOptions& emulator, const Scoring& scoring,
                       const std::vector<Stage>& stages, std::span<const std::int8_t> inputs) {
  const StoppingRule never{{kNever}, stages.size(), stages.size()};
  const PackedRule rule(scoring, never, stages, subject.classifier->classes());
  const auto found =
      run_adaptive(*subject.packed, emulator, rule, inputs, Counting::kInstructions, throw_if_stopped);
  return found.mean_instructions();
}

}  // namespace

EmulatorResult emulate(const TtaOptions& o, const Subject& subject, const CalibratedRule& rule,
                       const std::vector<Stage>& pool, const ns::data::Dataset& test) {
  const PackedRule packed(rule.scoring, rule.rule, rule.stages, subject.classifier->classes());
  EmulatorOptions emulator;
  emulator.elf = o.firmware;
  const std::size_t images = o.emulator_images == 0 ? test.size() : std::min(o.emulator_images, test.size());
  const EncodedImages encoded = encode_images(test, *subject.packed, images);
  const auto board = run_adaptive(*subject.packed, emulator, packed, encoded.inputs, Counting::kInstructions,
                                  throw_if_stopped);

  const ns::data::Dataset first = ns::data::take_first(test, images);
  const auto host = StageRunner(*subject.classifier, first)
                        .run(rule.stages, rule.rule, subject.scorer(rule.scoring, rule.stages.size()), false);
  EmulatorResult result;
  result.images = images;
  for (std::size_t i = 0; i < images; ++i) {
    const nsrt_verdict& found = board.verdicts[i];
    const Verdict& expected = host.outcome.verdicts[i];
    result.different += found.answer != expected.answer || found.passes != host.outcome.passes[i] ||
                        score_of(rule.scoring, found.score, found.passes) != expected.score ||
                        found.probability != expected.probability * NSRT_ONE;
  }
  result.adaptive_instructions = board.mean_instructions();
  const bool subnets = o.stages == "subnets";
  const std::vector<Stage> plain{subnets ? pool.front() : rule.stages.front()};
  const std::vector<Stage> full = subnets ? std::vector<Stage>{pool.back()} : rule.stages;
  const auto one = std::span(encoded.inputs).first(encoded.inputs.size() / images);
  Scoring scoring = rule.scoring;
  if (scoring.aggregate == Aggregate::kWeighted && subnets) scoring.aggregate = Aggregate::kMean;
  result.plain_instructions = instructions_of(subject, emulator, scoring, plain, one);
  result.static_instructions = instructions_of(subject, emulator, scoring, full, one);
  return result;
}
