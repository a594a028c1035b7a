// All parameters and buffers of a graph, named, shaped and initialised. Private to this room.
#pragma once

#include <vector>

#include "ns/nn/graph.h"
#include "ns/nn/network.h"

namespace ns::nn {

/// Where the arrays of one layer are in the lists; -1 if the layer has none.
struct LayerParameters {
  int weight = -1, bias = -1, shift = -1;
  std::vector<int> gamma, beta, mean, variance;  ///< per bank
};

struct ParameterSet {
  std::vector<Parameter> parameters;
  std::vector<Buffer> buffers;
  std::vector<LayerParameters> of_layer;

  /// Every layer draws from its own random stream, so that its values do not depend on the other layers.
  ParameterSet(const Graph& graph, const std::vector<ImageShape>& shapes, int banks, std::uint64_t seed);
};

}  // namespace ns::nn
