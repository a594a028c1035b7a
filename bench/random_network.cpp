#include "random_network.h"

#include <algorithm>
#include <string>

#include "ns/base/rng.h"
#include "ns/data/loader.h"
#include "ns/nested/allocation.h"
#include "ns/nested/gates.h"
#include "ns/quant/quantise.h"
#include "ns/train/recalibrate.h"

namespace {

constexpr std::size_t kImages = 64;
constexpr int kMeanPixel = 128;

int clamped_pixel(float value) {
  return std::clamp(static_cast<int>(value), 0, 255);
}

/// Noise around a brightness of its own in every image and channel: pure noise would average out in the
/// pools.
ns::data::Dataset random_images(ns::ImageShape shape, ns::data::Normalisation normalisation, ns::Rng& rng) {
  ns::data::Dataset images;
  images.shape = shape;
  images.normalisation = normalisation;
  images.labels.assign(kImages, 0);
  const auto channels = static_cast<std::size_t>(shape.c);
  std::vector<float> brightness(channels);
  for (std::size_t image = 0; image < kImages; ++image) {
    for (float& value : brightness) value = kMeanPixel + 50 * rng.normal();
    for (std::size_t i = 0; i < static_cast<std::size_t>(shape.size()); ++i) {
      images.pixels.push_back(
          static_cast<std::uint8_t>(clamped_pixel(brightness[i % channels] + 40 * rng.normal())));
    }
  }
  return images;
}

/// γ, β and biases; the weights of convolutions and linear layers are random already.
void randomise_affine(ns::nn::Network& network, ns::Rng& rng) {
  for (ns::nn::Parameter& parameter : network.parameters()) {
    if (parameter.decay) continue;
    const bool gamma = parameter.name.ends_with(".weight");
    for (float& value : parameter.value.values()) {
      const float sign = rng.below(4) == 0 ? -1.0f : 1.0f;
      value = gamma ? sign * (0.5f + rng.uniform()) : 1 + 0.5f * rng.normal();
    }
  }
}

/// Most boxes of a trained detector are background; without it suppression would be most of the work.
void favour_background(ns::nn::Network& network) {
  const ns::nn::DetectionHead& head = network.graph().detection;
  for (const ns::nn::DetectionHead::Scale& scale : head.scales) {
    ns::Tensor& bias = network.parameter(scale.scores + ".bias").value;
    for (std::size_t a = 0; a < scale.sizes.size(); ++a)
      bias[static_cast<std::int64_t>(a) * (head.classes + 1)] += 8;
  }
}

ns::nested::Model random_model(const ns::nn::Graph& graph, const RandomWeights& weights, ns::Rng& rng) {
  const std::size_t subnets =
      std::max({std::size_t{1}, weights.sparsities.size(), ns::nested::gate_ratios_of(graph).size()});
  ns::nested::Model model(graph, static_cast<int>(subnets), weights.seed);
  randomise_affine(model.network(), rng);
  favour_background(model.network());
  if (!weights.sparsities.empty()) {
    const ns::nested::Allocation allocation =
        ns::nested::uniform_allocation(graph, ns::nested::default_dense_layers(), weights.sparsities);
    model.set_levels(ns::nested::magnitude_levels(model.network(), allocation, weights.block_width, 1.0));
  }
  return model;
}

}  // namespace

RandomNetwork random_network(const ns::nn::Graph& graph, const RandomWeights& weights) {
  ns::Rng rng(weights.seed);
  RandomNetwork result{
      random_model(graph, weights, rng), random_images(graph.input, weights.normalisation, rng), {}};
  ns::nested::Model& model = result.model;
  ns::train::recalibrate_batch_norm(model, result.images, kImages);
  ns::data::Batch batch;
  ns::data::evaluation_batch(result.images, 0, kImages, batch);

  ns::pack::NetworkDescription& packed = result.packed;
  packed.name = graph.name;
  packed.sparsities.assign(weights.sparsities.rbegin(), weights.sparsities.rend());
  if (weights.sparsities.empty()) packed.sparsities.assign(static_cast<std::size_t>(model.subnets()), 0.0);
  const ns::data::Normalisation& n = result.images.normalisation;
  packed.network = ns::quant::quantise(model, batch.x, {n.scale, n.zero_point()});
  for (std::int64_t i = 0; i < graph.input.size(); ++i) {
    packed.test_input.push_back(static_cast<std::int8_t>(static_cast<int>(rng.below(256)) - 128));
  }
  return result;
}
