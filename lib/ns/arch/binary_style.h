// What the binary layers of an architecture have in common.
#pragma once

#include "ns/nn/graph.h"

namespace ns::arch {

struct BinaryStyle {
  int bits = 1;  ///< of activations, 1 … 3
  nn::Estimator estimator = nn::Estimator::kClipped;
  bool shift = false;          ///< a learnt shift per channel before every sign
  bool shortcuts = false;      ///< nin_binary: around every binary layer that keeps its shape; binary ResNets
                               ///< always have theirs
  bool weight_scaling = true;  ///< filters carry the mean magnitude of their latent weights (XNOR-Net)
};

}  // namespace ns::arch
