// Ensembles: trained together or one by one, evaluated member by member.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "expect_error.h"
#include "ns/binary/tentacle.h"
#include "ns/train/ensemble_evaluation.h"
#include "ns/train/ensemble_scores.h"
#include "ns/train/ensemble_trainer.h"
#include "ns/train/evaluate.h"
#include "support/corner_images.h"
#include "support/training_run.h"

using namespace ns;
using namespace ns::train;
using nestkit_test::corner_recipe;
using nestkit_test::corners;
using nestkit_test::run_recipe;

namespace {

Recipe binary_recipe(const std::string& ensemble, int members) {
  Recipe recipe = corner_recipe("dense", 3, 0.25);
  recipe.arch = "resnet8_binary";
  recipe.ensemble = ensemble;
  recipe.members = members;
  recipe.optimizer = "adam";
  recipe.learning_rate = 0.01;
  recipe.warmup_epochs = 0;
  recipe.crop_padding = 0;
  return recipe;
}

/// Trains until the end or until so many steps of all members together are done.
checkpoint::Archive train_members(const Recipe& recipe, const data::Split& data, int stop_after = -1,
                                  const checkpoint::Archive* from = nullptr) {
  EnsembleTrainer trainer(recipe, data);
  if (from != nullptr) trainer.resume(*from);
  checkpoint::Archive saved;
  int steps = 0;
  EnsembleObservers observers;
  observers.member.save_resumable = [&](const checkpoint::Archive& archive) { saved = archive; };
  observers.member.stop_requested = [&] { return ++steps == stop_after; };
  checkpoint::Archive archive = trainer.run(observers) ? trainer.finished() : saved;
  archive.origin = "ensemble.safetensors";
  return archive;
}

/// Largest difference between the mean of the members' logits and the network's.
double distance_to_network(const checkpoint::Archive& archive, const data::Dataset& images) {
  EnsembleScores scores(archive);
  const anytime::StageLogits logits = scores.logits(images);
  nested::Model model = nested::model_of(archive);
  data::Batch batch;
  data::evaluation_batch(images, 0, images.size(), batch);
  model.select(1);
  const Tensor& expected = model.network().forward(batch.x, nn::Mode::kEval);
  double worst = 0;
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    double mean = 0;
    for (const std::vector<float>& stage : logits.stages) {
      mean += double{stage[static_cast<std::size_t>(i)]} / static_cast<double>(logits.stages.size());
    }
    worst = std::max(worst, std::abs(mean - double{expected[i]}));
  }
  return worst;
}

}  // namespace

TEST_CASE("a tentacle net learns with every merge, and its answer is the mean of its members' logits") {
  for (const std::string merge : {"concat", "add", "weights"}) {
    CAPTURE(merge);
    Recipe recipe = binary_recipe("tentacle", 3);
    recipe.merge = merge;
    recipe.diversity = merge == "add" ? 0.2 : 0.0;
    const data::Split data = split_for(recipe, corners(240));
    const nestkit_test::Run run = run_recipe(recipe, data);
    REQUIRE(run.complete);
    CHECK(run.epochs.back().subnets[0].train_loss < run.epochs.front().subnets[0].train_loss);
    CHECK(distance_to_network(run.finished, data.validation) < 1e-4);
    EnsembleScores scores(run.finished);
    CHECK(scores.members() == 3);
    CHECK(scores.member_macs()[0] > scores.member_macs()[1]);
    CHECK(scores.member_macs()[1] == scores.member_macs()[2]);
  }
}

TEST_CASE("a member as a network of its own gives the member's logits") {
  for (const std::string ensemble : {"tentacle", "boosting"}) {
    for (const std::string merge : {"concat", "add", "weights"}) {
      if (ensemble == "boosting" && merge != "concat") continue;
      CAPTURE(ensemble);
      CAPTURE(merge);
      Recipe recipe = binary_recipe(ensemble, 2);
      recipe.merge = merge;
      recipe.epochs = 1;
      const data::Split data = split_for(recipe, corners(140));
      const checkpoint::Archive archive =
          recipe.benn() ? train_members(recipe, data) : run_recipe(recipe, data).finished;
      EnsembleScores scores(archive);
      const anytime::StageLogits expected = scores.logits(data.validation);
      data::Batch batch;
      data::evaluation_batch(data.validation, 0, data.validation.size(), batch);
      for (int k = 1; k <= 2; ++k) {
        CAPTURE(k);
        nested::Model alone = nested::member_model(archive, k);
        CHECK(binary::member_outputs(alone.network().graph()).size() == 1);
        alone.select(1);
        const Tensor& found = alone.network().forward(batch.x, nn::Mode::kEval);
        for (std::int64_t i = 0; i < found.size(); ++i) {
          CHECK(found[i] ==
                doctest::Approx(expected.stages[static_cast<std::size_t>(k - 1)][static_cast<std::size_t>(i)])
                    .epsilon(1e-4));
        }
      }
      EXPECT_ERROR(nested::member_model(archive, 3), kUsage, "has no member 3: its members are 1 to 2");
    }
  }
}

TEST_CASE("an ensemble of one is its member") {
  Recipe recipe = binary_recipe("bagging", 1);
  const data::Split data = split_for(recipe, corners(160));
  const checkpoint::Archive archive = train_members(recipe, data);
  EnsembleScores scores(archive);
  REQUIRE(scores.members() == 1);
  nested::Model model = nested::model_of(archive);
  const EnsembleEvaluation result = evaluate_ensemble(scores.logits(data.validation), data.validation.labels);
  CHECK(result.members[0] == accuracy(model, 1, data.validation));
  CHECK(result.mean_logit == result.members[0]);
  CHECK(result.soft_vote == result.members[0]);
  CHECK(result.hard_vote == result.members[0]);
  CHECK(result.disagreement == 0.0);
  CHECK(distance_to_network(archive, data.validation) < 1e-5);
}

TEST_CASE("bagged and boosted networks become one network, and an interrupted run ends in the same bytes") {
  for (const std::string ensemble : {"bagging", "boosting"}) {
    CAPTURE(ensemble);
    Recipe recipe = binary_recipe(ensemble, 2);
    recipe.epochs = 2;
    const data::Split data = split_for(recipe, corners(140));
    const checkpoint::Archive whole = train_members(recipe, data);
    CHECK(distance_to_network(whole, data.validation) < 1e-4);
    const std::vector<std::uint8_t> bytes = checkpoint::safetensors_bytes(whole);
    for (const int stop : {4, 14}) {  // in the first member's and the second's training
      CAPTURE(stop);
      const checkpoint::Archive half = train_members(recipe, data, stop);
      CHECK(half.arrays.count("progress.step") == 1);
      CHECK(checkpoint::safetensors_bytes(train_members(recipe, data, -1, &half)) == bytes);
    }
    const checkpoint::Archive half = train_members(recipe, data, 4);
    const std::string weight = "done.member1." + graph_for(recipe, data.train).layers.back().name + ".weight";
    checkpoint::Archive broken = train_members(recipe, data, 14);
    broken.arrays.at(weight) = checkpoint::make_array(Tensor({1}));
    EXPECT_ERROR(train_members(recipe, data, -1, &broken), kInput, ".weight");
    broken = train_members(recipe, data, 14);
    broken.metadata["member_votes"] = "[-1.0]";
    EXPECT_ERROR(train_members(recipe, data, -1, &broken), kInput, "another ensemble");
    recipe.members = 3;
    EXPECT_ERROR(train_members(recipe, data, -1, &half), kUsage, "\"members\"");
    EXPECT_ERROR(train_members(binary_recipe(ensemble, 2), data, -1, &whole), kInput,
                 "is not of an interrupted");
  }
}

TEST_CASE("a boosted network without a vote keeps its own answers and changes no one's") {
  Recipe recipe = binary_recipe("boosting", 2);
  recipe.epochs = 1;
  const data::Split data = split_for(recipe, corners(140));
  checkpoint::Archive half = train_members(recipe, data, 7);  // in the second member's training
  half.metadata["member_votes"] = "[0.0]";
  const checkpoint::Archive archive = train_members(recipe, data, -1, &half);
  REQUIRE(parse_json(archive.metadata.at("member_votes"), "")[1].get<double>() > 0.0);
  const anytime::StageLogits logits = EnsembleScores(archive).logits(data.validation);
  const auto& muted = logits.stages[0];
  CHECK(*std::max_element(muted.begin(), muted.end()) > 0.0f);
  const EnsembleEvaluation result = evaluate_ensemble(logits, data.validation.labels);
  CHECK(result.mean_logit == result.members[1]);
}

TEST_CASE("the first stage leaves activations or weights real and says so") {
  for (const std::string stage : {"real_activations", "real_weights"}) {
    CAPTURE(stage);
    Recipe recipe = binary_recipe("none", 1);
    recipe.first_stage = stage;
    recipe.first_stage_epochs = 1;
    const data::Split data = split_for(recipe, corners(140));
    const nestkit_test::Run run = run_recipe(recipe, data);
    CHECK(run.epochs[0].phase == stage);
    CHECK(run.epochs[1].phase == "dense");
    const Recipe plain = binary_recipe("none", 1);
    CHECK(run_recipe(plain, data).epochs[0].subnets[0].train_loss != run.epochs[0].subnets[0].train_loss);
    nested::Model model = nested::model_of(run.finished);  // as packed: nothing is real any more
    CHECK(accuracy(model, 1, data.validation) == run.epochs.back().subnets[0].validation_accuracy);
  }
  Recipe recipe = binary_recipe("none", 1);
  recipe.arch = "resnet8";
  recipe.first_stage = "real_weights";
  recipe.first_stage_epochs = 1;
  EXPECT_ERROR(graph_for(recipe, corners(20)), kUsage, "has no binary layers");
}

TEST_CASE("votes, disagreement and early stop of hand-made members") {
  anytime::StageLogits logits;
  logits.samples = 200;
  logits.classes = 2;
  std::vector<std::int32_t> labels(200, 0);
  // Member 1 is right and sure on the first half, unsure and wrong on the second; members 2 and 3 are right.
  std::vector<float> first, other;
  for (int i = 0; i < 200; ++i) {
    first.insert(first.end(), {i < 100 ? 9.0f : -0.1f, 0.0f});
    other.insert(other.end(), {4.0f, 0.0f});
  }
  logits.stages = {first, other, other};
  const EnsembleEvaluation result = evaluate_ensemble(logits, labels);
  CHECK(result.members == std::vector<double>{0.5, 1.0, 1.0});
  CHECK(result.mean_logit == 1.0);
  CHECK(result.hard_vote == 1.0);
  CHECK(result.disagreement == doctest::Approx(1.0 / 3));
  CHECK(result.prefix_correct == std::vector<std::size_t>{100, 200, 200});
  const std::vector<double> costs{10.0, 1.0, 1.0};
  const EarlyStop early =
      stop_early(logits, labels, logits, labels, anytime::Confidence::kMaxProbability, costs);
  CHECK(early.whole.mean_cost == 12.0);
  CHECK(early.stopped.accuracy() == 1.0);
  CHECK(early.stopped.mean_passes == 1.5);
  CHECK(early.stopped.mean_cost == 10.5);
}
