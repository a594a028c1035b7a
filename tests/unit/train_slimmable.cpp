#include <doctest/doctest.h>

#include "expect_error.h"
#include "ns/data/loader.h"
#include "ns/train/evaluate.h"
#include "support/corner_images.h"
#include "support/training_run.h"

using namespace ns;
using namespace ns::train;
using nestkit_test::corner_recipe;
using nestkit_test::corners;
using nestkit_test::Run;
using nestkit_test::run_recipe;

namespace {

Recipe slimmable_recipe() {
  Recipe recipe = corner_recipe("slimmable", 4);
  recipe.widths = {1.0, 0.5, 0.25};
  recipe.distillation_weight = 0;
  return recipe;
}

}  // namespace

TEST_CASE("a slimmable run trains all widths from the first step and its checkpoint comes back whole") {
  const Recipe recipe = slimmable_recipe();
  const data::Split data = split_for(recipe, corners(240));
  const Run run = run_recipe(recipe, data);
  REQUIRE(run.epochs.size() == 4);
  CHECK(run.epochs[0].phase == "slimmable");
  REQUIRE(run.epochs[3].subnets.size() == 3);
  CHECK(run.epochs[3].subnets[0].width == 0.25);
  CHECK(to_json(run.epochs[3], "ns-train")["subnets"][1]["width"] == 0.5);
  for (const SubnetRecord& subnet : run.epochs[3].subnets) {
    CHECK(subnet.validation_accuracy > 0.8);
  }
  CHECK(run.finished.meta("widths") == "[1.0,0.5,0.25]");
  nested::Model model = nested::model_of(run.finished);
  for (int subnet = 1; subnet <= 3; ++subnet) {
    CHECK(accuracy(model, subnet, data.validation) ==
          run.epochs[3].subnets[static_cast<std::size_t>(subnet - 1)].validation_accuracy);
  }
  checkpoint::Archive changed = run.finished;
  changed.arrays["stack1.conv1.weight.level"].bytes[0] = 2;
  EXPECT_ERROR(nested::model_of(changed), kInput, "stack1.conv1.weight.level is not the one of the widths");
  changed = run.finished;
  changed.arrays.erase("stack1.conv1.weight.level");
  EXPECT_ERROR(nested::model_of(changed), kInput, "stack1.conv1.weight.level is missing");
  changed = run.finished;
  changed.metadata["widths"] = "[1.0,0.5]";
  EXPECT_ERROR(nested::model_of(changed), kInput, "banks is 3, expected 2 for 2 widths");
  changed.metadata["widths"] = "[0.5,1.0,0.25]";
  EXPECT_ERROR(nested::model_of(changed), kInput, "widths: expected fractions that fall from 1");
}

TEST_CASE("a slimmable run stopped at any step and resumed ends in the bytes of the uninterrupted run") {
  Recipe recipe = slimmable_recipe();
  recipe.distillation_weight = 0.5;
  recipe.epochs = 2;
  const data::Split data = split_for(recipe, corners(240));
  const Run whole = run_recipe(recipe, data);
  for (const std::int64_t stop : {1, 13}) {
    const Run first = run_recipe(recipe, data, nullptr, stop);
    const Run second = run_recipe(recipe, data, &first.saved.back());
    CHECK(second.finished.arrays == whole.finished.arrays);
    CHECK(second.finished.metadata == whole.finished.metadata);
  }
}

TEST_CASE("every width of a slimmable run multiplies in the recipe's precision") {
  Recipe recipe = slimmable_recipe();
  recipe.epochs = 1;
  const data::Split data = split_for(recipe, corners(240));
  const Run exact = run_recipe(recipe, data);
  recipe.precision = "bfloat16";
  if (!nn::has_bfloat16()) {
    EXPECT_ERROR(run_recipe(recipe, data), kEnvironment, "no bfloat16 arithmetic");
    return;
  }
  CHECK(run_recipe(recipe, data).finished.arrays != exact.finished.arrays);
}

TEST_CASE("the gradient of a slimmable step is that of the sum of its losses") {
  const Recipe recipe = slimmable_recipe();
  const data::Dataset set = corners(16);
  RunState state(recipe, graph_for(recipe, set));
  SubnetStepOptions options;
  options.mix.weight = 0;
  options.widths = recipe.widths;
  SubnetStep step(state.model, options);
  data::Batch batch;
  data::evaluation_batch(set, 0, 16, batch);
  const auto total = [&] {
    double sum = 0;
    for (const double loss : step.run(batch, false, false)) {
      sum += loss;
    }
    return sum;
  };
  // Of the classifier's row 1: used by all widths, by two, by the widest alone; γ of one bank.
  nn::Network& network = state.model.network();
  const auto check = [&](const std::string& name, std::int64_t index) {
    CAPTURE(name);
    CAPTURE(index);
    nn::Parameter& parameter = network.parameter(name);
    total();
    const float analytic = parameter.grad[index], value = parameter.value[index], h = 0.01f;
    parameter.value[index] = value + h;
    const double above = total();
    parameter.value[index] = value - h;
    const double below = total();
    parameter.value[index] = value;
    CHECK(analytic != 0.0f);
    CHECK((above - below) / (2.0 * h) == doctest::Approx(analytic).epsilon(0.02));
  };
  for (const std::int64_t column : {3, 20, 50}) {
    check("classifier.weight", 64 + column);
  }
  check("stack3.bn2@1.weight", 5);
  check("stack3.bn2@2.bias", 40);
}

TEST_CASE("a slimmable run starts from dense or equally slimmable weights and from no others") {
  Recipe recipe = slimmable_recipe();
  recipe.epochs = 1;
  const data::Split data = split_for(recipe, corners(120));
  const Run slim = run_recipe(recipe, data);
  Trainer again(recipe, data);
  again.initialise(slim.finished, std::string(64, 'c'));
  CHECK(again.finished().array("stem.bn@1.weight") == slim.finished.array("stem.bn@1.weight"));
  recipe.widths = {1.0, 0.75};
  Trainer other(recipe, data);
  EXPECT_ERROR(other.initialise(slim.finished, ""), kUsage,
               "done.safetensors: is slimmable with widths [1.0,0.5,0.25], but the recipe's are [1.0,0.75]");
  recipe.method = "dense";
  Trainer dense(recipe, data);
  EXPECT_ERROR(dense.initialise(slim.finished, ""), kUsage, "but the recipe's method is dense");
  recipe = slimmable_recipe();
  recipe.widths = {1.0, 0.99};
  EXPECT_ERROR(Trainer(recipe, data), kUsage, "widths 1.0 and 0.99 of resnet8 are the same network");
}
