#include <doctest/doctest.h>

#include "expect_error.h"
#include "ns/arch/registry.h"
#include "ns/base/json.h"
#include "ns/nested/gates.h"
#include "ns/nested/prune.h"
#include "ns/quant/lowering.h"
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

Recipe gated_recipe() {
  Recipe recipe = corner_recipe("gated", 4, 0.5);
  recipe.gate_ratios = {0.75, 0.25};
  recipe.distillation_weight = 0;
  return recipe;
}

}  // namespace

TEST_CASE("gates are put behind the batch-norm and ReLU of every convolution that is not left out") {
  const nn::Graph graph = arch::build("resnet8", {8, 8, 3}, 10, 1.0);
  const nested::GateOptions options{{0.75, 0.5}, {"first_conv", "stack2.shortcut.conv"}, 1e-3};
  const nn::Graph gated = nested::with_gates(graph, options);
  const auto layer = [&](const std::string& name) {
    return gated.layers[static_cast<std::size_t>(gated.index_of(name))];
  };
  CHECK(layer("stack1.conv1.gate").inputs ==
        std::vector<std::string>{"stack1.relu1", "stack1.conv1.gate.relu"});
  CHECK(layer("stack1.conv1.gate").keep == std::vector{0.5, 0.75});
  CHECK(layer("stack1.conv1.gate").penalty == 1e-3);
  CHECK(layer("stack1.conv2").inputs[0] == "stack1.conv1.gate");
  CHECK(layer("stack1.conv2.gate.pool").inputs[0] == "stack1.conv1.gate");
  CHECK(layer("stack1.conv2.gate").inputs[0] == "stack1.bn2");
  CHECK(layer("stack1.add").inputs[0] == "stack1.conv2.gate");
  CHECK(layer("stack3.add").inputs[1] == "stack3.shortcut.conv.gate");
  CHECK(layer("stack2.add").inputs[1] == "stack2.shortcut.bn");
  CHECK(gated.layers.size() == graph.layers.size() + 4 * 7);
  CHECK(nested::gate_ratios_of(gated) == options.ratios);
  CHECK(nested::gate_ratios_of(graph).empty());
  CHECK(nn::graph_from_json(nn::to_json(gated)).layers == gated.layers);
  nn::Graph two_outputs = graph;
  two_outputs.outputs = {"stack1.relu1", graph.layers.back().name};
  CHECK(nested::with_gates(two_outputs, options).layers.size() == gated.layers.size() - 4);
  CHECK(nested::with_gates(two_outputs, options).outputs == two_outputs.outputs);
  EXPECT_ERROR(nested::with_gates(graph, {{0.5}, {"stack9"}}), kUsage, "stack9");
  EXPECT_ERROR(nested::with_gates(arch::build("autoencoder", {8, 8, 1}, 64, 1.0), {{0.5}, {}}), kUsage,
               "no convolution is left to gate");
  EXPECT_ERROR(nn::Network(gated, 3, 1), kInput,
               "\"keep\" lists 2 shares, expected one for each of 3 subnets");
}

TEST_CASE("gate ratios must fall from 1 at most") {
  EXPECT_ERROR(nested::check_gate_ratios(std::vector<double>{}), kUsage,
               "gate_ratios: expected 1 to 8, found 0");
  EXPECT_ERROR(nested::check_gate_ratios(std::vector{1.5, 0.5}), kUsage, "up to 1, found 1.5");
  EXPECT_ERROR(nested::check_gate_ratios(std::vector{0.5, 0.0}), kUsage, "above 0 and up to 1, found 0.0");
  EXPECT_ERROR(nested::check_gate_ratios(std::vector{0.5, 0.5}), kUsage, "0.5 follows 0.5");
}

TEST_CASE("a gated run trains all ratios from the first step, and its checkpoint comes back whole") {
  const Recipe recipe = gated_recipe();
  const data::Split data = split_for(recipe, corners(240));
  const Run run = run_recipe(recipe, data);
  REQUIRE(run.epochs.size() == 4);
  CHECK(run.epochs[0].phase == "gated");
  REQUIRE(run.epochs[3].subnets.size() == 2);
  CHECK(run.epochs[3].subnets[0].gate_ratio == 0.25);
  CHECK(to_json(run.epochs[3], "ns-train")["subnets"][1]["gate_ratio"] == 0.75);
  for (const SubnetRecord& subnet : run.epochs[3].subnets) {
    CHECK(subnet.validation_accuracy > 0.8);
  }
  nested::Model model = nested::model_of(run.finished);
  for (int subnet = 1; subnet <= 2; ++subnet) {
    CHECK(accuracy(model, subnet, data.validation) ==
          run.epochs[3].subnets[static_cast<std::size_t>(subnet - 1)].validation_accuracy);
  }
  checkpoint::Archive changed = run.finished;
  changed.metadata["banks"] = "1";
  EXPECT_ERROR(nested::model_of(changed), kInput, "banks is 1, expected 2 for 2 gate ratios");
  nested::PruneOptions pruning;
  pruning.sparsities = {0.5, 0.8};
  EXPECT_ERROR(nested::prune(run.finished, std::string(64, 'a'), pruning), kInput, "is gated");

  Recipe other = recipe;
  other.gate_ratios = {0.5, 0.25};
  EXPECT_ERROR(run_recipe(other, data, nullptr, -1, &run.finished), kUsage,
               "has gates of ratios [0.75,0.25], but the recipe's are gated with ratios [0.5,0.25]");
  other = recipe;
  other.epochs = 1;
  other.learning_rate = 1e-6;
  const Run tuned = run_recipe(other, data, nullptr, -1, &run.finished);
  CHECK(tuned.epochs[0].subnets[0].train_loss < run.epochs[0].subnets[0].train_loss);
}

TEST_CASE("a gated run stopped at any step and resumed ends in the bytes of the uninterrupted run") {
  Recipe recipe = gated_recipe();
  recipe.epochs = 2;
  const data::Split data = split_for(recipe, corners(240));
  const Run whole = run_recipe(recipe, data);
  for (const std::int64_t stop : {3, 11}) {
    const Run part = run_recipe(recipe, data, nullptr, stop);
    REQUIRE(!part.complete);
    const Run rest = run_recipe(recipe, data, &part.saved.back());
    CHECK(rest.finished.arrays.size() == whole.finished.arrays.size());
    for (const auto& [name, array] : whole.finished.arrays) {
      CAPTURE(name);
      CHECK(rest.finished.arrays.at(name).bytes == array.bytes);
    }
  }
}
