#include "ns/anytime/evaluation.h"

#include <doctest/doctest.h>

#include <cmath>

#include "expect_error.h"
#include "ns/anytime/rule_file.h"
#include "ns/anytime/stage_runner.h"
#include "ns/metrics/bootstrap.h"
#include "ns/metrics/calibration_error.h"
#include "temp_folder.h"

using namespace ns::anytime;

namespace {

Outcome outcome(std::vector<int> answers, std::vector<std::uint16_t> passes) {
  Outcome result;
  for (const int answer : answers) result.verdicts.push_back({answer, 0.5, 0.8});
  result.passes = std::move(passes);
  return result;
}

// Says class = brightest of the first pixels, and counts its calls.
class Brightest : public Classifier {
 public:
  std::size_t classes() const override { return 3; }
  int subnets() const override { return 2; }
  double macs(int subnet) const override { return 10.0 * subnet; }
  std::size_t batch() const override { return 4; }
  void run(int subnet, std::span<const std::uint8_t> images, std::span<float> logits) override {
    batches.push_back(images.size() / 3);
    for (std::size_t i = 0; i < images.size(); ++i)
      logits[i] = 0.02f * static_cast<float>(images[i] * subnet);
  }
  std::vector<std::size_t> batches;
};

ns::data::Dataset three_pixels() {
  ns::data::Dataset dataset;
  dataset.shape = {1, 3, 1};
  for (int i = 0; i < 10; ++i) {
    // Even images are clear, odd ones are not.
    for (int x = 0; x < 3; ++x)
      dataset.pixels.push_back(static_cast<std::uint8_t>(x == i % 3 ? (i % 2 ? 110 : 250) : 100));
    dataset.labels.push_back(i % 3);
  }
  return dataset;
}

}  // namespace

TEST_CASE("An evaluation counts right answers, passes and costs") {
  const std::vector<std::int32_t> labels{0, 1, 2, 0};
  const Evaluation e = evaluate(outcome({0, 1, 0, 1}, {1, 1, 3, 1}), labels, std::vector<double>{2, 3, 5});
  CHECK(e.correct == 2);
  CHECK(e.accuracy() == 0.5);
  CHECK(e.mean_passes == 1.5);
  CHECK(e.median_passes == 1);
  CHECK(e.worst_passes == 3);
  CHECK(e.mean_cost == doctest::Approx((2 + 2 + 10 + 2) / 4.0));
  CHECK(e.histogram == std::vector<std::size_t>{3, 0, 1});
  CHECK(e.calibration_error == doctest::Approx(0.3));
  EXPECT_ERROR(evaluate(outcome({}, {}), {}, std::vector<double>{1}), kInternal, "0 samples");
}

TEST_CASE("A comparison counts the answers that changed and bounds the difference") {
  const std::vector<std::int32_t> labels{0, 0, 0, 0};
  const Comparison c =
      compare(outcome({0, 0, 1, 0}, {1, 1, 1, 1}), outcome({1, 1, 0, 0}, {1, 1, 1, 1}), labels);
  CHECK(c.became_right == 2);
  CHECK(c.became_wrong == 1);
  CHECK(c.points == doctest::Approx(25));
  CHECK(c.low < 25);
  CHECK(c.high > 25);
}

TEST_CASE("The paired bootstrap has the width of the normal approximation") {
  const ns::metrics::Bounds bounds = ns::metrics::paired_bootstrap95(60, 40, 2000);
  const double spread = std::sqrt((100.0 / 2000 - 0.01 * 0.01) / 2000);
  CHECK(bounds.low == doctest::Approx(0.01 - 1.96 * spread).epsilon(0.1));
  CHECK(bounds.high == doctest::Approx(0.01 + 1.96 * spread).epsilon(0.1));
  CHECK(ns::metrics::paired_bootstrap95(0, 0, 10).high == 0);
  EXPECT_ERROR(ns::metrics::paired_bootstrap95(6, 5, 10), kInternal, "6 + 5 of 10");
}

TEST_CASE("A calibration error is 0 where confidence is accuracy and large where it is not") {
  ns::metrics::CalibrationError honest, boastful;
  CHECK(honest.value() == 0);
  for (int i = 0; i < 10; ++i) {
    honest.add(0.7, i < 7);
    boastful.add(1.0, i < 2);
  }
  CHECK(honest.value() == doctest::Approx(0).epsilon(1e-9));
  CHECK(boastful.value() == doctest::Approx(0.8));
}

TEST_CASE("Really running a rule gives what is computed from the logits, and only the undecided run on") {
  const auto dataset = three_pixels();
  Brightest classifier;
  StageRunner runner(classifier, dataset);
  const std::vector<Stage> stages{
      {{}, 1, 10}, {ns::augment::View().add(ns::augment::mirror()), 2, 20}, {{}, 2, 20}};
  const ScorerFactory scorer = float_scorer({}, 3);
  StoppingRule never;
  never.max_passes = 3;
  const AdaptiveRun full = runner.run(stages, never, scorer, true);
  CHECK(full.logits.stages == runner.all_logits(stages).stages);
  const Tracks tracks = track(full.logits, std::vector<std::size_t>{0, 1, 2}, scorer);

  classifier.batches.clear();
  const StoppingRule rule{{0.5}, 1, 3};
  const AdaptiveRun adaptive = runner.run(stages, rule, scorer, false);
  CHECK(classifier.batches == std::vector<std::size_t>{4, 4, 2, 4, 1, 4, 1});
  const Outcome expected = stop(tracks, rule);
  CHECK(adaptive.outcome.passes == expected.passes);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(adaptive.outcome.passes[i] == (i % 2 ? 3 : 1));
    CHECK(adaptive.outcome.verdicts[i].answer == expected.verdicts[i].answer);
    CHECK(adaptive.outcome.verdicts[i].score == expected.verdicts[i].score);
  }
  CHECK(adaptive.seconds.size() == 3);
  CHECK(name(stages[1], true, true) == "flip on subnet 2");
}

TEST_CASE("A rule's file reads back, and refuses what does not fit together") {
  const TempFolder folder;
  RuleFile file{"ab12",
                {{"identity", 1}, {"flip", 2}},
                {Aggregate::kWeighted, Confidence::kEntropy, {3000, 1096}},
                {{0.5, 0.25}, 1, 2}};
  const std::string good = to_json(file).dump();
  const std::string path = folder.file("rule.json");
  const auto read = [&](std::string text, const std::string& from = {}, const std::string& to = {}) {
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    write_text(path, text);
    return read_rule(path);
  };
  const RuleFile again = read(good);
  CHECK(to_json(again).dump() == good);
  CHECK(again.stages == file.stages);
  EXPECT_ERROR(read(good, "rule/1", "rule/2"), kInput, "nestkit.rule/1");
  EXPECT_ERROR(read(good, "weighted", "weihgted"), kInput, "rule.json: unknown aggregate");
  EXPECT_ERROR(read(good, "3000", "0"), kInput, "1 to 4096");
  EXPECT_ERROR(read(good, "3000", "3999"), kInput, "sum of at most 4096");
  EXPECT_ERROR(read(good, "[3000,1096]", "[4096]"), kInput, "one per stage");
  EXPECT_ERROR(read(good, "\"max_passes\":2", "\"max_passes\":3"), kInput, "2, one per stage");
  EXPECT_ERROR(read(good, "\"min_passes\":1", "\"min_passes\":0"), kInput, "min_passes");
  EXPECT_ERROR(read(good, "0.25", "-1"), kInput, "values from 0 to 2");
  EXPECT_ERROR(read(good, "\"view\":\"flip\"", "\"vew\":\"flip\""), kInput, "view");
  EXPECT_ERROR(read("[]"), kInput, "rule.json");
}
