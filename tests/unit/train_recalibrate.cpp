#include "ns/train/recalibrate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "support/corner_images.h"
#include "support/training_run.h"

using namespace ns;
using namespace ns::train;
using nestkit_test::corner_recipe;
using nestkit_test::corners;
using nestkit_test::run_recipe;

namespace {

Recipe pruned_recipe() {
  Recipe recipe = corner_recipe("nested", 6, 0.5);
  recipe.sparsities = {0.5, 0.8};
  recipe.prune_start_epoch = 2;
  recipe.prune_end_epoch = 4;
  recipe.prune_every_steps = 3;
  return recipe;
}

}  // namespace

TEST_CASE("recalibration counts every image about as much, however many there are") {
  const Recipe recipe = pruned_recipe();
  data::Dataset images = corners(501);
  std::ranges::fill(images.pixels.end() - static_cast<std::ptrdiff_t>(images.image(0).size()),
                    images.pixels.end(), std::uint8_t{255});  // one image that is unlike the others
  Trainer trainer(recipe, split_for(recipe, corners(240)));
  nested::Model& model = trainer.model();
  recalibrate_batch_norm(model, images, 500);
  std::vector<Tensor> without;
  for (const nn::Buffer& buffer : model.network().buffers()) without.push_back(buffer.value);
  recalibrate_batch_norm(model, images, 501);  // three batches, of which none is this image alone
  const Tensor &found = model.network().buffers()[0].value, &expected = without[0];
  const auto larger = [](float a, float b) { return std::abs(a) < std::abs(b); };
  const float scale = std::abs(*std::ranges::max_element(expected.values(), larger));
  for (std::int64_t c = 0; c < found.size(); ++c) {
    CHECK(std::abs(found[c] - expected[c]) < 0.1f * scale);
  }
}

TEST_CASE("recalibrated statistics are the mean of the batch statistics of each subnet") {
  const Recipe recipe = pruned_recipe();
  const data::Split data = split_for(recipe, corners(240));
  Trainer trainer(recipe, data);
  trainer.initialise(run_recipe(recipe, data).finished, "");
  nested::Model& model = trainer.model();
  recalibrate_batch_norm(model, data.train, 1000);  // all 200 images are one batch
  for (int subnet = 1; subnet <= 2; ++subnet) {
    model.select(subnet);
    data::Batch batch;
    data::evaluation_batch(data.train, 0, 200, batch);
    const Tensor trained = model.network().forward(batch.x, nn::Mode::kTrain);
    // The pass above moved the running statistics a tenth of the way to what they already were.
    const Tensor evaluated = model.network().forward(batch.x, nn::Mode::kEval);
    for (std::int64_t i = 0; i < trained.size(); ++i) {
      CHECK(evaluated[i] == doctest::Approx(trained[i]).epsilon(0.1));
    }
  }
}
