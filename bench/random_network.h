// Packed networks with random weights: what a network costs depends on its shape and its level maps, and
// "random weights will do".
#pragma once

#include <cstdint>
#include <vector>

#include "ns/nn/graph.h"
#include "ns/pack/nsm_writer.h"

struct RandomWeights {
  std::vector<double> sparsities;  ///< increasing, one per subnet; empty: a dense network
  int block_width = 2;
  std::uint64_t seed = 1;
};

/// Weights and every subnet's batch-norm are random (γ of both signs); levels follow the weights' magnitude,
/// with the layers dense that ns-prune leaves dense. Statistics and ranges come from random images, so that
/// no layer saturates or dies. Throws what pruning, lowering and quantising throw.
ns::pack::NetworkDescription random_network(const ns::nn::Graph& graph, const RandomWeights& weights);
