// Anytime rules on the emulated board: the host's verdicts, bit for bit, for every aggregate and confidence.
#include <doctest/doctest.h>

#include "expect_error.h"
#include "firmware_paths.h"
#include "ns/deploy/adaptive_session.h"
#include "support/sample_models.h"
#include "temp_folder.h"

using namespace ns::deploy;
using namespace ns::anytime;

namespace {

struct Sample {
  TempFolder folder;
  std::string path = folder.file("model.nsm");
  Sample() {
    const auto bytes = ns::pack::pack_model({sample::nested_network()}, sample::provenance()).bytes;
    write_text(path, {bytes.begin(), bytes.end()});
  }
};

std::vector<Stage> stages() {
  const auto view = [](const char* text) { return ns::augment::parse_view(text, {6, 6, 1}, "test"); };
  return {{view("identity"), 1, 1},
          {view("flip"), 3, 1},
          {view("shift:1,-2+flip"), 2, 1},
          {view("shift:-1,0"), 3, 1}};
}

std::vector<nsrt_verdict> on_host(const PackedModel& model, const nsrt_rule& rule,
                                  const std::vector<std::int8_t>& inputs) {
  alignas(16) static std::uint8_t arena[64 * 1024];
  std::vector<std::int16_t> logits(rule.classes);
  std::vector<std::uint32_t> work(NSRT_AGGREGATE_WORDS(std::size_t{rule.classes}, rule.max_passes));
  std::vector<nsrt_verdict> verdicts(inputs.size() / model.network(0).input.bytes);
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    REQUIRE(nsrt_run_adaptive(&model.model(), &rule, inputs.data() + i * model.network(0).input.bytes,
                              logits.data(), work.data(), arena, sizeof arena, &verdicts[i]) == NSRT_OK);
  }
  return verdicts;
}

}  // namespace

TEST_CASE("the board's verdicts are the host's for every aggregate and every confidence") {
  const Sample sample;
  const PackedModel model(sample.path);
  std::vector<std::int8_t> inputs(30 * model.network(0).input.bytes);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    inputs[i] = static_cast<std::int8_t>(i * i * 31 + i / 36 * 77);
  auto options = emulator();
  options.processes = 1;
  // Every aggregate, and every confidence with the first of them.
  const auto aggregates = aggregate_names(), confidences = confidence_names();
  for (std::size_t a = 0; a < aggregates.size(); ++a) {
    for (std::size_t c = 0; c < (a == 0 ? confidences.size() : 1); ++c) {
      const Scoring scoring{aggregate_of(aggregates[a]),
                            confidence_of(confidences[(a + c) % confidences.size()]),
                            {2000, 1000, 700, 396}};
      const PackedRule rule(scoring, {{0.5, 0.4, 0.8}, 1, 4}, stages(), 3);
      const auto expected = on_host(model, rule.rule(), inputs);
      const auto found = run_adaptive(model, options, rule, inputs, Counting::kOff);
      CHECK(found.mean_instructions() == 0);
      REQUIRE(found.verdicts.size() == expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(found.verdicts[i].answer == expected[i].answer);
        CHECK(found.verdicts[i].passes == expected[i].passes);
        CHECK(found.verdicts[i].score == expected[i].score);
        CHECK(found.verdicts[i].probability == expected[i].probability);
      }
    }
  }
}

TEST_CASE("an adaptive rule's instructions are counted, repeatably, and grow with the passes") {
  const Sample sample;
  const PackedModel model(sample.path);
  const std::vector<std::int8_t> inputs(2 * model.network(0).input.bytes, 9);
  const auto instructions = [&](std::size_t passes) {
    const PackedRule rule({}, {{kNever}, 1, passes}, stages(), 3);
    return run_adaptive(model, emulator(), rule, inputs, Counting::kInstructions).mean_instructions();
  };
  const double one = instructions(1), three = instructions(3);
  CHECK(one > 1000);
  CHECK(three > 2 * one);
  CHECK(instructions(3) == three);
}

TEST_CASE("the board refuses a rule for other classes or subnets") {
  const Sample sample;
  const PackedModel model(sample.path);
  const std::vector<std::int8_t> inputs(model.network(0).input.bytes);
  std::vector<Stage> list = stages();
  list[1].subnet = 4;
  const PackedRule subnet({}, {{0.5}, 1, 4}, list, 3), classes({}, {{0.5}, 1, 4}, stages(), 5);
  EXPECT_ERROR(run_adaptive(model, emulator(), subnet, inputs, Counting::kOff), kInput, "refused status=");
  EXPECT_ERROR(run_adaptive(model, emulator(), classes, inputs, Counting::kOff), kInput, "refused status=");
  EXPECT_ERROR(run_adaptive(model, emulator(), classes, {}, Counting::kOff), kInternal, "whole number");
}
