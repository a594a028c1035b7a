// From a float graph to the operators of the packed model: batch-norm, ReLU and the gate of a convolution
// join the layer they follow, or the sign they lead to.
#pragma once

#include <string>
#include <vector>

#include "ns/nn/graph.h"
#include "ns/quant/quantised_network.h"

namespace ns::quant {

/// One packed operator and the float layers it stands for (indices into
/// Graph::layers).
struct LoweredOperator {
  OperatorKind kind = OperatorKind::kConv;
  int layer = 0;        ///< convolution, linear, pool, add, concat; of a step the sign
  int batch_norm = -1;  ///< −1: none
  int gate = -1;        ///< the scale layer of a gated convolution; −1: none
  bool relu = false;
  int value = 0;                     ///< the layer whose float output is this operator's output
  int input = 0, second_input = -1;  ///< tensors; second: add, concat, and the factors of a gated convolution
  int sign = -1;                     ///< binary convolution and step: whose levels it writes, maybe
                                     ///< for a max pool to take the largest
  std::vector<int> before,
      after;          ///< ReLUs and batch-norms between it and that max pool, and behind
  int flips_of = -1;  ///< max pool of such levels: the operator that wrote them
};

/// Operators in execution order; tensor 0 is the input, tensor i + 1 the output
/// of operator i.
struct LoweredGraph {
  std::vector<LoweredOperator> operators;
  std::vector<nn::ImageShape> tensors;
  std::vector<int> bits;      ///< of tensors: 1, 2 or 3 for levels, else 0
  bool int16_output = false;  ///< the last operator is linear and writes logits
  Detector detector;
};

/// Throws Error(kInput) naming the layer and the reason for what the packed
/// model cannot express: a batch-norm that does not follow a convolution or
/// linear layer of its own nor leads to a sign, a ReLU that does not follow one
/// of these or an addition of its own nor leads to a sign, a scale layer that does not follow a convolution
/// of its own or whose factors do not come from a linear layer with ReLU in front of it, a sign behind two
/// max pools of a binary convolution, a sign that something else than binary
/// convolutions and max pools reads, an average pool whose windows reach into
/// the padding, a graph that ends in nothing to compute, several outputs that are no detector's.
LoweredGraph lower(const nn::Graph& graph);

}  // namespace ns::quant
