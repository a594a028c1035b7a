// A calibrated float network with its nested subnets becomes an integer network.
#pragma once

#include <vector>

#include "ns/nested/model.h"
#include "ns/quant/calibrate.h"
#include "ns/quant/lowering.h"

namespace ns::quant {

/// `statistics[k − 1]` are subnet k's (calibrate): the ranges of its tensors, and their means, with which
/// each subnet's biases make up for what rounding the weights does to the mean of every output channel (Nagel
/// et al., "Data-free quantization through weight equalization and bias correction", ICCV 2019, section 4.2).
/// `input`: how images are coded, q = pixel − 128. Subnet k takes its batch-norm from bank k − 1. With
/// `whole`, a slimmable model of which `model` is a width, the integers are the first ones of every row of
/// the widest. Throws Error(kInput) naming the layer for what integers cannot hold.
QuantisedNetwork quantise(const nested::Model& model, const LoweredGraph& lowered,
                          const std::vector<std::vector<TensorStatistics>>& statistics, const Affine& input,
                          const nested::Model* whole = nullptr);

/// The whole way: lowers the network, calibrates every subnet on a batch of images [n,h,w,c] and quantises.
/// Progress counts the images of all subnets. `whole` as above. Throws as lower, calibrate and the function
/// above do.
QuantisedNetwork quantise(nested::Model& model, const Tensor& images, const Affine& input,
                          const CalibrationProgress& progress = {}, const nested::Model* whole = nullptr);

}  // namespace ns::quant
