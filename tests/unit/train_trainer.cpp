#include "ns/train/trainer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "expect_error.h"
#include "ns/train/evaluate.h"
#include "support/corner_images.h"
#include "support/training_run.h"

using namespace ns;
using namespace ns::train;
using nestkit_test::corner_recipe;
using nestkit_test::corners;
using nestkit_test::kParent;
using nestkit_test::Run;
using nestkit_test::run_recipe;

namespace {

Recipe small_recipe() {
  Recipe recipe = corner_recipe("nested", 6, 0.5);
  recipe.warmup_epochs = 1;
  recipe.sparsities = {0.5, 0.8};
  recipe.prune_start_epoch = 2;
  recipe.prune_end_epoch = 4;
  recipe.prune_every_steps = 3;
  return recipe;
}

}  // namespace

TEST_CASE("a nested run learns, ends at the requested sparsities and reports every epoch and subnet") {
  const Recipe recipe = small_recipe();
  const data::Split data = split_for(recipe, corners(240));
  const Run run = run_recipe(recipe, data);
  REQUIRE(run.complete);
  REQUIRE(run.epochs.size() == 6);
  std::vector<std::string> phases;
  for (const EpochRecord& epoch : run.epochs) {
    phases.push_back(epoch.phase);
  }
  CHECK(phases == std::vector<std::string>{"dense", "dense", "pruning", "pruning", "nested", "nested"});
  CHECK(run.epochs[1].subnets.size() == 1);
  REQUIRE(run.epochs[5].subnets.size() == 2);
  CHECK(run.epochs[5].step == 60);
  CHECK(run.epochs[5].subnets[0].sparsity == 0.8);
  CHECK(run.epochs[5].subnets[0].train_loss < run.epochs[0].subnets[0].train_loss);
  CHECK(run.epochs[5].subnets[0].validation_accuracy > 0.8);
  CHECK(run.epochs[5].subnets[1].validation_accuracy > 0.8);

  checkpoint::Archive archive = run.finished;
  archive.origin = "done.safetensors";
  nested::Model model = nested::model_of(archive);
  CHECK(model.levels().size() == 8);
  for (const auto& [name, map] : model.levels()) {
    CAPTURE(name);
    CHECK(map.sparsity(1) == doctest::Approx(0.8).epsilon(0.05));
    CHECK(map.sparsity(2) == doctest::Approx(0.5).epsilon(0.05));
  }
  CHECK(accuracy(model, 1, data.validation) == run.epochs[5].subnets[0].validation_accuracy);
  const Json record = to_json(run.epochs[5], "ns-train");
  CHECK(record["schema"] == "nestkit.train/1");
  CHECK(record["subnets"][1]["validation_accuracy"] == run.epochs[5].subnets[1].validation_accuracy);
}

TEST_CASE("a run stopped at any step and resumed ends in the bytes of the uninterrupted run") {
  const Recipe recipe = small_recipe();
  const data::Split data = split_for(recipe, corners(240));
  const Run whole = run_recipe(recipe, data);
  for (const std::int64_t stop : {7, 20, 33, 40, 55}) {  // dense, before the masks, pruning, their end, after
    CAPTURE(stop);
    const Run first = run_recipe(recipe, data, nullptr, stop);
    CHECK_FALSE(first.complete);
    const Run second = run_recipe(recipe, data, &first.saved.back());
    CHECK(second.complete);
    CHECK(second.finished.arrays == whole.finished.arrays);
    CHECK(second.finished.metadata == whole.finished.metadata);
    CHECK(second.epochs.back().subnets[0].train_loss == whole.epochs.back().subnets[0].train_loss);
  }
  const Run from_epoch = run_recipe(recipe, data, &whole.saved.at(2));
  CHECK(from_epoch.finished.arrays == whole.finished.arrays);
}

TEST_CASE("a resumable checkpoint that lacks a level map, or has another's blocks or steps, is refused") {
  const Recipe recipe = small_recipe();
  const data::Split data = split_for(recipe, corners(240));
  const checkpoint::Archive saved = run_recipe(recipe, data, nullptr, 45).saved.back();
  checkpoint::Archive changed = saved;
  changed.arrays.erase("stack2.conv1.weight.level");
  EXPECT_ERROR(run_recipe(recipe, data, &changed), kUsage, "layer stack2.conv1 is dense");
  std::erase_if(changed.arrays, [](const auto& entry) { return entry.first.ends_with(".level"); });
  EXPECT_ERROR(run_recipe(recipe, data, &changed), kUsage, "is dense, but the recipe's");
  changed = saved;
  changed.metadata["block"] = "1";
  EXPECT_ERROR(run_recipe(recipe, data, &changed), kInput, "its blocks are 1x1, but its own recipe says 1x2");
  changed = saved;
  changed.arrays["progress.step"] = checkpoint::make_array<std::int64_t>({1}, std::vector<std::int64_t>{61});
  EXPECT_ERROR(run_recipe(recipe, data, &changed), kInput, "progress.step is 61, but the whole run has 60");
}

TEST_CASE("shared batch-norm ends as the same bank of every subnet, and resumes exactly") {
  Recipe recipe = small_recipe();
  recipe.batch_norm = "shared";
  const data::Split data = split_for(recipe, corners(240));
  const Run whole = run_recipe(recipe, data);
  REQUIRE(whole.complete);
  for (const char* part : {"weight", "bias", "running_mean", "running_var"}) {
    CAPTURE(part);
    CHECK(whole.finished.arrays.at(std::string("stem.bn@1.") + part) ==
          whole.finished.arrays.at(std::string("stem.bn.") + part));
  }
  CHECK(whole.epochs[5].subnets[1].train_loss < whole.epochs[0].subnets[0].train_loss);
  const Run first = run_recipe(recipe, data, nullptr, 45);
  REQUIRE_FALSE(first.complete);
  CHECK(run_recipe(recipe, data, &first.saved.back()).finished.arrays == whole.finished.arrays);
}

TEST_CASE("Adam with milestones, global allocation and agreeing gradients also resumes exactly") {
  Recipe recipe = small_recipe();
  recipe.optimizer = "adam";
  recipe.learning_rate = 0.01;
  recipe.schedule = "multi_step";
  recipe.milestones = {3, 4.5};
  recipe.milestone_factor = 0.5;
  recipe.allocation = "global";
  recipe.routing = "agree";
  const data::Split data = split_for(recipe, corners(240));
  const Run whole = run_recipe(recipe, data);
  CHECK(whole.epochs[2].learning_rate == 0.01);
  CHECK(whole.epochs[3].learning_rate == 0.005);
  CHECK(whole.epochs[5].learning_rate == 0.0025);
  CHECK(whole.epochs[5].subnets[0].validation_accuracy > 0.8);
  for (const std::int64_t stop : {7, 33, 55}) {
    CAPTURE(stop);
    const Run first = run_recipe(recipe, data, nullptr, stop);
    CHECK(first.saved.back().arrays.count("optimizer.stem.conv.weight.second_moment") == 1);
    const Run second = run_recipe(recipe, data, &first.saved.back());
    CHECK(second.finished.arrays == whole.finished.arrays);
    CHECK(second.finished.metadata == whole.finished.metadata);
  }
}

TEST_CASE("a run in bfloat16 learns and resumes exactly, or is refused where the processor lacks it") {
  Recipe recipe = small_recipe();
  recipe.precision = "bfloat16";
  const data::Split data = split_for(recipe, corners(240));
  if (!nn::has_bfloat16()) {
    EXPECT_ERROR(Trainer(recipe, data), kEnvironment, "no bfloat16 arithmetic");
    return;
  }
  const Run whole = run_recipe(recipe, data);
  CHECK(whole.epochs[5].subnets[0].validation_accuracy > 0.8);
  const Run first = run_recipe(recipe, data, nullptr, 33);
  const Run second = run_recipe(recipe, data, &first.saved.back());
  CHECK(second.finished.arrays == whole.finished.arrays);
  recipe.recalibration_images = 200;
  nested::Model trained = nested::model_of(whole.finished);
  recalibrate_batch_norm(trained, data.train, 200);
  nested::Model recalibrated = nested::model_of(run_recipe(recipe, data).finished);
  for (std::size_t i = 0; i < trained.network().buffers().size(); ++i) {  // in float32
    const auto a = trained.network().buffers()[i].value.values();
    const auto b = recalibrated.network().buffers()[i].value.values();
    CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
  }
  Recipe exact = recipe;
  exact.recalibration_images = 0;
  exact.precision = "float32";
  EXPECT_ERROR(run_recipe(exact, data, &first.saved.back()), kUsage, "\"precision\"");
  CHECK(run_recipe(exact, data).finished.arrays != whole.finished.arrays);
}

TEST_CASE("every bank begins with the optimiser state of bank 0, of each kind its own") {
  Recipe recipe = small_recipe();
  recipe.optimizer = "adam";
  RunState state(recipe, graph_for(recipe, corners(4)));
  std::vector<nn::Buffer>& buffers = state.optimizer->state();
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    buffers[i].value.fill(static_cast<float>(i));
  }
  spread_bank_0(state);
  const auto first_of = [&](const std::string& name) {
    for (const nn::Buffer& buffer : buffers) {
      if (buffer.name == name) {
        return buffer.value[0];
      }
    }
    return -1.0f;
  };
  CHECK(first_of("stem.bn@1.weight.momentum") == first_of("stem.bn.weight.momentum"));
  CHECK(first_of("stem.bn@1.weight.second_moment") == first_of("stem.bn.weight.second_moment"));
  CHECK(first_of("stem.bn.weight.momentum") != first_of("stem.bn.weight.second_moment"));
}

TEST_CASE("a run that began with another checkpoint resumes without it, to the same bytes and parents") {
  const Recipe nested = small_recipe();
  const data::Split data = split_for(nested, corners(240));
  Recipe dense = nested;
  dense.method = "dense";
  for (const Recipe& before : {dense, nested}) {
    const checkpoint::Archive init = run_recipe(before, data).finished;
    Recipe recipe = nested;
    recipe.seed = 2;
    recipe.prune_start_epoch = 1;
    const Run whole = run_recipe(recipe, data, nullptr, -1, &init);
    CHECK(whole.finished.meta("parents") == "[\"" + kParent + "\"]");
    for (const std::int64_t stop : {5, 25, 45}) {
      CAPTURE(stop);
      const Run first = run_recipe(recipe, data, nullptr, stop, &init);
      const Run second = run_recipe(recipe, data, &first.saved.back());
      CHECK(second.finished.arrays == whole.finished.arrays);
      CHECK(second.finished.metadata == whole.finished.metadata);
    }
  }
}

TEST_CASE("level maps stay as they are after the end of pruning, and pruned weights do not matter") {
  const Recipe recipe = small_recipe();
  const data::Split data = split_for(recipe, corners(240));
  const Run early = run_recipe(recipe, data, nullptr, 39), ended = run_recipe(recipe, data, nullptr, 41);
  Run whole = run_recipe(recipe, data);
  nested::Model model = nested::model_of(whole.finished), changed = nested::model_of(whole.finished);
  bool moved = false;
  for (const auto& [name, map] : model.levels()) {
    CAPTURE(name);
    CHECK(ended.saved.back().array(name + ".level") == whole.finished.array(name + ".level"));
    moved = moved || !(early.saved.back().array(name + ".level") == whole.finished.array(name + ".level"));
    Tensor& weight = changed.network().parameter(name).value;
    for (std::int64_t i = 0; i < weight.size(); ++i) {
      if (map.weight_levels()[static_cast<std::size_t>(i)] == 0) {
        weight[i] += 100.0f;
      }
    }
  }
  CHECK(moved);
  for (int subnet = 1; subnet <= 2; ++subnet) {
    CHECK(accuracy(changed, subnet, data.validation) == accuracy(model, subnet, data.validation));
  }
}

TEST_CASE("a resumable checkpoint whose pruning had not ended is nothing but resumable") {
  const Recipe recipe = small_recipe();
  const data::Split data = split_for(recipe, corners(240));
  checkpoint::Archive pruning = run_recipe(recipe, data, nullptr, 33).saved.back();
  pruning.origin = "r.safetensors";
  EXPECT_ERROR(nested::model_of(pruning), kInput, "r.safetensors: its pruning is still under way");
  Trainer other(recipe, data);
  EXPECT_ERROR(other.initialise(pruning, kParent), kInput, "r.safetensors: its pruning is still under way");
  const checkpoint::Archive ended = run_recipe(recipe, data, nullptr, 45).saved.back();
  CHECK(nested::model_of(ended).subnets() == 2);
}

TEST_CASE("resuming names the recipe key, the data or the kind of checkpoint that does not fit") {
  Recipe recipe = small_recipe();
  const data::Split data = split_for(recipe, corners(240));
  Run run = run_recipe(recipe, data, nullptr, 7);
  checkpoint::Archive& saved = run.saved.back();
  saved.origin = "r.safetensors";
  recipe.learning_rate = 0.06;
  EXPECT_ERROR(run_recipe(recipe, data, &saved), kUsage,
               "r.safetensors: was interrupted with \"learning_rate\" 0.05, but the recipe says 0.06");
  recipe.learning_rate = 0.05;
  data::Split other = data;
  other.train.manifest_sha256 = std::string(64, 'b');
  EXPECT_ERROR(run_recipe(recipe, other, &saved), kInput, "other data files");
  EXPECT_ERROR(run_recipe(recipe, data, &run.finished), kInput, "not a resumable checkpoint");
  EXPECT_ERROR(nested::model_of(saved), kInput, "has sparsities but no level map");
}

TEST_CASE("a dense run can be started from, a nested one keeps its level maps") {
  Recipe recipe = small_recipe();
  recipe.method = "dense";
  recipe.epochs = 2;
  const data::Split data = split_for(recipe, corners(240));
  const Run dense = run_recipe(recipe, data);
  CHECK(dense.epochs.back().subnets.size() == 1);
  CHECK(dense.finished.meta("banks") == "1");

  recipe = small_recipe();
  Trainer from_dense(recipe, data);
  from_dense.initialise(dense.finished, std::string(64, 'c'));
  CHECK(from_dense.state().step == 0);
  CHECK(from_dense.finished().array("stem.bn@1.weight") == dense.finished.array("stem.bn.weight"));
  CHECK(from_dense.finished().meta("parents").find("ccc") != std::string::npos);

  const Run nested_run = run_recipe(recipe, data);
  recipe.epochs = 5;
  recipe.seed = 2;
  Trainer fine_tune(recipe, data);
  fine_tune.initialise(nested_run.finished, std::string(64, 'd'));
  CHECK(fine_tune.run({}));
  CHECK(fine_tune.finished().array("stack2.conv1.weight.level") ==
        nested_run.finished.array("stack2.conv1.weight.level"));
  CHECK_FALSE(fine_tune.finished().array("stack2.conv1.weight") ==
              nested_run.finished.array("stack2.conv1.weight"));
  recipe.sparsities = {0.6, 0.8};
  Trainer other(recipe, data);
  EXPECT_ERROR(other.initialise(nested_run.finished, ""), kUsage, "has sparsities [0.5,0.8] in blocks 1x2");
  recipe = small_recipe();
  recipe.dense_layers = {"first_conv", "classifier", "stack2.conv1"};
  Trainer less(recipe, data);
  EXPECT_ERROR(less.initialise(nested_run.finished, ""), kUsage,
               "layer stack2.conv1 is pruned, but the recipe's \"dense_layers\" say otherwise");
  recipe = small_recipe();
  checkpoint::Archive strided = nested_run.finished;
  std::string& graph = strided.metadata["graph"];
  graph.replace(graph.find("\"stride\":2"), 10, "\"stride\":1");
  graph.replace(graph.find("\"stride\":2"), 10, "\"stride\":1");
  Trainer same_tensors(recipe, data);
  EXPECT_ERROR(same_tensors.initialise(strided, ""), kInput,
               "graph: layer stack2.conv1 is not the recipe's layer stack2.conv1");
  recipe.width = 0.25;
  Trainer narrower(recipe, data);
  EXPECT_ERROR(narrower.initialise(nested_run.finished, ""), kInput, "tensor stem.conv.weight");
}

TEST_CASE("a loss that is not a number stops the run and leaves the saved checkpoints good") {
  Recipe recipe = small_recipe();
  recipe.learning_rate = 100;
  recipe.warmup_epochs = 0;
  recipe.momentum = 0.99;
  recipe.weight_decay = 1;
  recipe.epochs = 60;
  recipe.method = "dense";
  const data::Split data = split_for(recipe, corners(240));
  EXPECT_ERROR(run_recipe(recipe, data), kUsage, "not a number any more in step");
}

TEST_CASE("weights and statistics that are no numbers are not saved, whatever the loss says") {
  Recipe recipe = small_recipe();
  recipe.method = "dense";
  recipe.epochs = 3;
  const data::Split data = split_for(recipe, corners(240));
  for (const auto& [bad_step, place] : {std::pair(13, "step 10 of epoch 2"), {30, "step 10 of epoch 3"}}) {
    CAPTURE(bad_step);
    Trainer trainer(recipe, data);
    int steps = 0, saved = 0;
    Observers observers;
    observers.save_resumable = [&](const checkpoint::Archive&) { ++saved; };
    observers.on_step = [&](const StepReport&) {
      if (++steps == bad_step) {
        trainer.model().network().buffer("stem.bn.running_var").value[0] = INFINITY;
      }
    };
    EXPECT_ERROR(trainer.run(observers), kUsage,
                 std::string("\"stem.bn.running_var\" is not a number any more in ") + place);
    CHECK(saved == (bad_step - 1) / 10);
  }
}

TEST_CASE("what cannot work is refused before training starts") {
  Recipe recipe = small_recipe();
  const data::Split data = split_for(recipe, corners(240));
  recipe.dense_layers = {"stem"};
  EXPECT_ERROR(Trainer(recipe, data), kUsage, "\"stem\" is not a layer with weights");
  recipe = small_recipe();
  recipe.dense_layers = {};
  EXPECT_ERROR(Trainer(recipe, data), kUsage, "layer stem.conv: sparsity");
  recipe = small_recipe();
  recipe.arch = "autoencoder";
  EXPECT_ERROR(Trainer(recipe, data), kUsage, "autoencoder: layer reconstruction must be a linear one");
  recipe = small_recipe();
  recipe.batch_size = 1000;
  EXPECT_ERROR(Trainer(recipe, data), kUsage, "");
  recipe.validation_images = 240;
  EXPECT_ERROR(split_for(recipe, corners(240)), kUsage, "");
}
