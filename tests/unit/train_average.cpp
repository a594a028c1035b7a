#include <doctest/doctest.h>

#include "expect_error.h"
#include "ns/data/sample_weights.h"
#include "ns/train/evaluate.h"
#include "support/corner_images.h"
#include "support/training_run.h"
#include "temp_folder.h"

using namespace ns;
using namespace ns::train;
using nestkit_test::corner_recipe;
using nestkit_test::corners;
using nestkit_test::run_recipe;

namespace {

Recipe averaged_recipe() {
  Recipe recipe = corner_recipe("nested", 5, 0.25);
  recipe.sparsities = {0.5, 0.7};
  recipe.prune_start_epoch = 1;
  recipe.prune_end_epoch = 3;
  recipe.prune_every_steps = 4;
  recipe.weight_average = 0.9;
  return recipe;
}

}  // namespace

TEST_CASE("the average follows the weights with the decay, faster in its first steps") {
  Recipe recipe = averaged_recipe();
  nn::Network network(graph_for(recipe, corners(4)), 1, 1);
  WeightAverage average(network, 0.15);
  Tensor& value = network.parameter("classifier.weight").value;
  Tensor& statistic = network.buffer("stem.bn.running_mean").value;
  for (const float v : {5.0f, 1.0f, 2.0f}) {
    value[3] = v;
    statistic[1] = -v;
    average.update();
  }
  // 5; then d = min(0.15, 2/11); then min(0.15, 3/12)
  const double expected = 0.15 * (0.15 * 5 + 0.85 * 1) + 0.85 * 2;
  average.swap();
  CHECK(value[3] == doctest::Approx(expected));
  CHECK(statistic[1] == doctest::Approx(-expected));
  average.swap();
  CHECK(value[3] == 2.0f);
  average.restart();
  average.swap();  // nothing to change places with
  CHECK(value[3] == 2.0f);
  value[3] = 7;
  average.update();
  average.swap();
  CHECK(value[3] == 7.0f);
  CHECK(WeightAverage(network, 0.99).on());
  WeightAverage none(network, 0);
  CHECK_FALSE(none.on());
  CHECK(none.state().empty());
}

TEST_CASE("what is validated and saved in the end is the average, and a resumed run has the same") {
  const Recipe recipe = averaged_recipe();
  const data::Split data = split_for(recipe, corners(160));
  const auto whole = run_recipe(recipe, data);
  nested::Model model = nested::model_of(whole.finished);
  for (int subnet = 1; subnet <= 2; ++subnet) {
    CHECK(accuracy(model, subnet, data.validation) ==
          whole.epochs.back().subnets[static_cast<std::size_t>(subnet - 1)].validation_accuracy);
  }
  Recipe plain = recipe;
  plain.weight_average = 0;
  const auto last = run_recipe(plain, data);
  CHECK(last.finished.arrays.at("stack3.conv1.weight.level") ==
        whole.finished.arrays.at("stack3.conv1.weight.level"));
  CHECK(last.epochs.back().subnets[0].train_loss == whole.epochs.back().subnets[0].train_loss);
  CHECK_FALSE(last.finished.array("stack3.conv1.weight") == whole.finished.array("stack3.conv1.weight"));
  for (const std::int64_t stop : {3, 10, 27}) {  // dense, pruning, after
    CAPTURE(stop);
    const auto first = run_recipe(recipe, data, nullptr, stop);
    CHECK(first.saved.back().arrays.count("average.stem.bn@1.running_mean") == 1);
    const auto second = run_recipe(recipe, data, &first.saved.back());
    CHECK(second.finished.arrays == whole.finished.arrays);
    CHECK(second.finished.metadata == whole.finished.metadata);
  }
  auto damaged = run_recipe(recipe, data, nullptr, 3).saved.back();
  damaged.arrays.erase("average.stem.conv.weight");
  EXPECT_ERROR(run_recipe(recipe, data, &damaged), kInput, "average.stem.conv.weight");
}

TEST_CASE(
    "with a teacher the dense network and the densest subnet learn from its logits, the others do not") {
  const Recipe recipe = averaged_recipe();
  const data::Dataset set = corners(12);
  RunState state(recipe, graph_for(recipe, set));
  SubnetStepOptions options;
  options.mix = {0.4, 2.0, 0.1};
  SubnetStep step(state.model, options);
  data::Batch batch;
  data::evaluation_batch(set, 0, 12, batch);
  Tensor taught({12, 4});
  for (std::int64_t i = 0; i < taught.size(); ++i) {
    taught[i] = static_cast<float>(i * 5 % 7);
  }
  const std::vector<Tensor> outputs{taught};
  state.model.select(1);
  const Tensor logits = state.model.network().forward(batch.x, nn::Mode::kTrain);
  Tensor grad;
  const double expected = nn::distilled_cross_entropy(logits, batch.labels, taught, options.mix, grad);
  CHECK(step.run(batch, true, false, &outputs).at(0) == expected);
  CHECK(step.run(batch, true, false).at(0) == nn::cross_entropy(logits, batch.labels, 0.1, grad));
  // No masks yet: both subnets have the same logits.
  const std::vector<double> losses = step.run(batch, false, false, &outputs);
  CHECK(losses.at(1) == expected);
  CHECK(losses.at(0) == nn::distilled_cross_entropy(logits, batch.labels, logits, options.mix, grad));
}

TEST_CASE(
    "weights of the training images come from a file, change the run, and are asked for again when it "
    "resumes") {
  const TempFolder folder;
  const std::string path = folder.file("weights.txt");
  const auto write = [&](const std::string& text) { write_text(path, text); };
  data::Dataset images = corners(3);
  write("1\n0.5\n0\n");
  data::read_sample_weights(path, images);
  CHECK(images.weights == std::vector<float>{2, 1, 0});  // of mean 1
  CHECK(data::take_first(images, 2).weights == std::vector<float>{2, 1});
  for (const auto& [text, fragment] :
       {std::pair("1\nx\n1\n", "line 2: expected a weight of at least 0, found \"x\""),
        std::pair("1\n-1\n1\n", "found \"-1\""),
        std::pair("1\n1\n", "of the 3 training images of corners, found 2"),
        std::pair("nan\n1\n1\n", "line 1"), std::pair("0\n0\n0\n", "a mean above 0")}) {
    write(text);
    EXPECT_ERROR(data::read_sample_weights(path, images), kInput, fragment);
  }
  images.truths.resize(3);
  EXPECT_ERROR(data::read_sample_weights(path, images), kUsage, "found the boxes of corners");
  Recipe recipe = averaged_recipe();
  recipe.method = "dense";
  recipe.epochs = 2;
  data::Split data = split_for(recipe, corners(120));
  const auto plain = run_recipe(recipe, data);
  data.train.weights.assign(data.train.size(), 1.0f);
  CHECK(run_recipe(recipe, data).finished.arrays == plain.finished.arrays);
  for (std::size_t i = 0; i < data.train.size(); i += 2) data.train.weights[i] = 0.25f;
  data.train.weights_sha256 = std::string(64, 'd');
  const auto whole = run_recipe(recipe, data);
  CHECK(whole.finished.arrays != plain.finished.arrays);
  CHECK(whole.finished.meta("sample_weights") == data.train.weights_sha256);
  const auto first = run_recipe(recipe, data, nullptr, 5);
  CHECK(run_recipe(recipe, data, &first.saved.back()).finished.arrays == whole.finished.arrays);
  data.train.weights_sha256.clear();
  EXPECT_ERROR(run_recipe(recipe, data, &first.saved.back()), kUsage,
               "was interrupted with sample weights dddddddddddd…, found no sample weights");
}

TEST_CASE("a run with a teacher remembers it, resumes with no other, and refuses one that does not fit") {
  Recipe recipe = averaged_recipe();
  recipe.method = "dense";
  recipe.epochs = 2;
  const data::Split data = split_for(recipe, corners(120));
  const auto teacher = run_recipe(recipe, data);
  const auto whole = run_recipe(recipe, data, nullptr, -1, nullptr, &teacher.finished);
  CHECK(whole.finished.meta("teacher") == nestkit_test::kParent);
  CHECK_FALSE(whole.finished.array("classifier.weight") == teacher.finished.array("classifier.weight"));
  const auto first = run_recipe(recipe, data, nullptr, 5, nullptr, &teacher.finished);
  const auto second = run_recipe(recipe, data, &first.saved.back(), -1, nullptr, &teacher.finished);
  CHECK(second.finished.arrays == whole.finished.arrays);
  CHECK(second.finished.metadata == whole.finished.metadata);
  EXPECT_ERROR(run_recipe(recipe, data, &first.saved.back()), kUsage,
               "was interrupted with teacher cccccccccccc…, found no teacher");
  recipe.distillation_weight = 0;
  EXPECT_ERROR(run_recipe(recipe, data, nullptr, -1, nullptr, &teacher.finished), kUsage,
               "\"distillation_weight\" is 0");
  data::Dataset other = corners(8);
  other.classes.push_back("e");
  EXPECT_ERROR(Teacher(teacher.finished, "", other), kInput,
               "done.safetensors: has 4 classes, corners has 5");
  other = corners(8);
  other.shape = {4, 16, 1};
  EXPECT_ERROR(Teacher(teacher.finished, "", other), kInput, "done.safetensors: takes images of ");
}
