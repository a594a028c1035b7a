// Packed networks with random weights: what a network costs depends on its shape and its level maps, and
// "random weights will do".
#pragma once

#include <cstdint>
#include <vector>

#include "ns/data/dataset.h"
#include "ns/nested/model.h"
#include "ns/pack/nsm_writer.h"

struct RandomWeights {
  std::vector<double> sparsities;  ///< increasing, one per subnet; empty: a dense network, or a gated one
  int block_width = 2;
  std::uint64_t seed = 1;
  ns::data::Normalisation normalisation{128, 1.0f / 64};  ///< of the images that the network takes
};

struct RandomNetwork {
  ns::nested::Model model;
  ns::data::Dataset images;  ///< random; the model's statistics and ranges are theirs
  ns::pack::NetworkDescription packed;
};

/// Weights and every subnet's batch-norm are random (γ of both signs); levels follow the weights' magnitude,
/// with the layers dense that ns-prune leaves dense. No layer saturates or dies: statistics and ranges are
/// calibrated. Of a detector the background has the upper hand, as after training. Throws what pruning,
/// lowering and quantising throw.
RandomNetwork random_network(const ns::nn::Graph& graph, const RandomWeights& weights);
