// From a float graph to the operators of the packed model: batch-norm and ReLU join the layer they follow.
#pragma once

#include <string>
#include <vector>

#include "ns/nn/graph.h"
#include "ns/quant/quantised_network.h"

namespace ns::quant {

/// One packed operator and the float layers it stands for (indices into Graph::layers).
struct LoweredOperator {
  OperatorKind kind = OperatorKind::kConv;
  int layer = 0;        ///< convolution, linear, pool or add
  int batch_norm = -1;  ///< −1: none
  bool relu = false;
  int value = 0;                     ///< the layer whose float output is this operator's output
  int input = 0, second_input = -1;  ///< tensors
};

/// Operators in execution order; tensor 0 is the input, tensor i + 1 the output of operator i.
struct LoweredGraph {
  std::vector<LoweredOperator> operators;
  std::vector<nn::ImageShape> tensors;
  bool int16_output = false;  ///< the last operator is linear and writes logits
};

/// Throws Error(kInput) naming the layer and the reason for what the packed model cannot express: a
/// batch-norm that does not follow a convolution or linear layer of its own, a ReLU that does not follow one
/// of these or an addition of its own, an average pool whose windows reach into the padding, a graph that
/// ends in nothing to compute.
LoweredGraph lower(const nn::Graph& graph);

}  // namespace ns::quant
