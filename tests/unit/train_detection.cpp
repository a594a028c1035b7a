// Training of detectors: box-carrying augmentation, architectures, the loss through a network, whole runs.
#include <doctest/doctest.h>

#include <cmath>

#include "expect_error.h"
#include "ns/arch/registry.h"
#include "ns/augment/box_view.h"
#include "ns/base/rng.h"
#include "ns/nested/prune.h"
#include "ns/train/detector.h"
#include "ns/train/objective.h"
#include "support/training_run.h"

using namespace ns;
using ns::detect::Box;
using ns::detect::Truth;

namespace {

constexpr ImageShape kShape{32, 32, 1};

// Bright or dark squares of 8 to 12 pixels on gray: two classes.
data::Dataset squares(int count, std::uint64_t seed) {
  data::Dataset set;
  set.name = "bccd";
  set.classes = {"bright", "dark"};
  set.shape = kShape;
  set.normalisation = {128, 1.0f / 64.0f};
  set.manifest_sha256 = std::string(64, '0');
  Rng rng(seed);
  for (int i = 0; i < count; ++i) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(kShape.size()), 128);
    const int label = static_cast<int>(rng.below(2)), side = 8 + static_cast<int>(rng.below(5));
    const int top = static_cast<int>(rng.below(20)), left = static_cast<int>(rng.below(20));
    for (int y = top; y < top + side; ++y) {
      for (int x = left; x < left + side; ++x) {
        pixels[static_cast<std::size_t>(y * kShape.w + x)] = label == 0 ? 240 : 20;
      }
    }
    set.pixels.insert(set.pixels.end(), pixels.begin(), pixels.end());
    set.labels.push_back(label);
    const auto part = [](int pixel) { return static_cast<float>(pixel) / 32.0f; };
    set.truths.push_back({i, label, {part(left), part(top), part(left + side), part(top + side)}});
  }
  return set;
}

train::Recipe squares_recipe(const std::string& method, int epochs) {
  train::Recipe recipe = nestkit_test::corner_recipe(method, epochs, 0.5);
  recipe.dataset = "bccd";
  recipe.arch = "ssd_resnet8";
  recipe.crop_padding = 0;
  recipe.distillation_weight = 0;
  recipe.horizontal_flip = recipe.vertical_flip = true;
  recipe.smallest_window = 0.8;
  recipe.colour_jitter = 0.1;
  recipe.dense_layers = {"first_conv"};
  recipe.prune_start_epoch = 1;
  recipe.prune_end_epoch = 2;
  recipe.prune_every_steps = 1;
  recipe.sparsities = {0.5, 0.8};
  return recipe;
}

}  // namespace

TEST_CASE("a view moves a box with its pixels") {
  // One bright rectangle; in the view, the bright pixels must be inside the moved box, and fill it.
  Rng rng(3);
  const augment::BoxAugment augment{true, true, 0.6, 1.5, 0.0};
  std::vector<std::uint8_t> in(1024, 50), out(1024);
  for (int y = 12; y < 20; ++y) {
    for (int x = 6; x < 18; ++x) in[static_cast<std::size_t>(y * 32 + x)] = 250;
  }
  const Truth truth{0, 1, {6 / 32.0f, 12 / 32.0f, 18 / 32.0f, 20 / 32.0f}};
  int moved = 0;
  for (int i = 0; i < 50; ++i) {
    const augment::BoxView view = augment.draw(rng);
    view.apply(in, kShape, 50, out);
    const auto seen = view.apply(truth);
    double left = 32, right = 0, top = 32, bottom = 0;
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) {
        if (out[static_cast<std::size_t>(y * 32 + x)] < 150) continue;
        left = std::min(left, x + 0.0);
        right = std::max(right, x + 1.0);
        top = std::min(top, y + 0.0);
        bottom = std::max(bottom, y + 1.0);
      }
    }
    if (!seen || seen->difficult) continue;
    ++moved;
    CHECK(std::abs(double{seen->box.x0} * 32 - left) <= 1.0);
    CHECK(std::abs(double{seen->box.x1} * 32 - right) <= 1.0);
    CHECK(std::abs(double{seen->box.y0} * 32 - top) <= 1.0);
    CHECK(std::abs(double{seen->box.y1} * 32 - bottom) <= 1.0);
  }
  CHECK(moved >= 30);
}

TEST_CASE("an object mostly cut off becomes difficult, and vanishes when nothing is left of it") {
  augment::BoxView view;
  view.window = {0.5f, 0.0f, 1.0f, 0.5f};
  const auto cut = view.apply(Truth{3, 1, {0.2f, 0.1f, 0.6f, 0.3f}});
  REQUIRE(cut);
  CHECK(cut->difficult);
  CHECK(cut->image == 3);
  CHECK(cut->box.x1 == doctest::Approx(0.2));
  CHECK(cut->box.y1 == doctest::Approx(0.6));
  CHECK_FALSE(view.apply(Truth{0, 0, {0.0f, 0.0f, 0.4f, 0.4f}}));
  const auto whole = view.apply(Truth{0, 0, {0.5f, 0.0f, 0.75f, 0.25f}});
  REQUIRE(whole);
  CHECK_FALSE(whole->difficult);
  CHECK(whole->box == Box{0, 0, 0.5f, 0.5f});
  CHECK(augment::BoxView{}.apply(*whole) == *whole);
}

TEST_CASE("detectors have heads on grids of an eighth, a sixteenth and a thirty-second of the image") {
  for (const std::string& name : arch::detector_names()) {
    CAPTURE(name);
    const nn::Graph graph = arch::build(name, {160, 160, 3}, 6, name == "ssd_resnet8" ? 1.0 : 0.5);
    CHECK(graph.detection.classes == 6);
    CHECK(graph.outputs.size() == 6);
    CHECK(train::default_boxes_of(graph).size() == 400 * 4 + 100 * 6 + 25 * 6);
    std::int64_t macs = 0;
    for (std::size_t i = 0; i < graph.layers.size(); ++i) macs += graph.macs(i);
    CHECK(macs < 60'000'000);
    CHECK(nn::graph_from_json(nn::to_json(graph)).detection == graph.detection);
  }
}

TEST_CASE("the detection objective's gradients are those of its loss") {
  const nn::Graph graph = arch::build("ssd_resnet8", kShape, 2, 0.5);
  nn::Network network(graph, 1, 5);
  const train::DetectionObjective objective(graph, parallel::single_process());
  const data::Dataset set = squares(3, 1);
  data::Batch batch;
  data::evaluation_batch(set, 0, 3, batch);
  network.forward(batch.x, nn::Mode::kTrain);
  std::vector<Tensor> gradients, unused;
  const double loss = objective.loss(network, batch, nullptr, gradients);
  network.backward(gradients);
  // Along the gradient of one head's bias the loss falls as fast as it says.
  nn::Parameter& bias = network.parameter("head1.boxes.bias");
  double squared = 0;
  for (const float g : bias.grad.values()) squared += double{g} * double{g};
  CHECK(squared > 0);
  const auto step = static_cast<float>(1e-3 / std::sqrt(squared));
  for (std::int64_t i = 0; i < bias.value.size(); ++i) bias.value[i] -= step * bias.grad[i];
  network.forward(batch.x, nn::Mode::kTrain);
  const double fallen = loss - objective.loss(network, batch, nullptr, unused);
  CHECK(fallen == doctest::Approx(double{step} * squared).epsilon(0.02));
}

TEST_CASE("a dense detector learns to find squares") {
  data::Split split{squares(120, 1), squares(40, 2)};
  const nestkit_test::Run run = nestkit_test::run_recipe(squares_recipe("dense", 12), split);
  CHECK(run.complete);
  CHECK(run.epochs.back().subnets[0].validation_map > 0.5);
  CHECK(run.epochs.back().subnets[0].validation_accuracy < 0);
  CHECK(to_json(run.epochs.back(), "ns-train")["subnets"][0].contains("validation_map"));
}

TEST_CASE("nested detectors are resumed exactly, keep their head in the checkpoint and can be pruned") {
  data::Split split{squares(60, 1), squares(20, 2)};
  const train::Recipe recipe = squares_recipe("nested", 4);
  const nestkit_test::Run whole = nestkit_test::run_recipe(recipe, split);
  REQUIRE(whole.epochs.back().subnets.size() == 2);
  CHECK(whole.epochs.back().subnets[0].validation_map >= 0);
  const nestkit_test::Run first = nestkit_test::run_recipe(recipe, split, nullptr, 7);
  CHECK_FALSE(first.complete);
  const nestkit_test::Run rest = nestkit_test::run_recipe(recipe, split, &first.saved.back());
  CHECK(checkpoint::safetensors_bytes(rest.finished) == checkpoint::safetensors_bytes(whole.finished));
  nested::Model model = nested::model_of(whole.finished);
  CHECK(model.network().graph().detection.present());
  CHECK(train::mean_average_precision(model, 2, split.validation) ==
        whole.epochs.back().subnets[1].validation_map);
  nested::PruneOptions options;
  options.sparsities = {0.7, 0.9};
  const nested::Pruned pruned = nested::prune(whole.finished, std::string(64, 'a'), options);
  CHECK(nested::model_of(pruned.archive).network().graph().detection.classes == 2);
}

TEST_CASE("a network that does not fit the boxes is refused") {
  const data::Dataset set = squares(4, 1);
  train::Recipe recipe = squares_recipe("dense", 1);
  recipe.arch = "resnet8";
  EXPECT_ERROR(train::graph_for(recipe, set), kUsage,
               "bccd has boxes of 2 classes, but this network is no detector");
  recipe.dataset = "fashion_mnist";
  recipe.arch = "ssd_resnet8";
  EXPECT_ERROR(train::graph_for(recipe, set), kUsage, "must be a linear one");
}
