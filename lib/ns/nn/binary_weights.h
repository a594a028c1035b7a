// What a binary convolution makes of its latent weights, and how their gradient comes back.
#pragma once

#include <vector>

#include "ns/tensor/tensor.h"

namespace ns::nn {

/// The effective weight is scale[f] · signs[f, …].
struct BinaryWeights {
  Tensor signs;              ///< -1 or +1, [co, ci, kh, kw]; sign(0) = +1
  std::vector<float> scale;  ///< α of every filter
};

/// W - mean over the input channels of W, per filter and tap; `latent` is [co, ci, kh, kw].
Tensor centred_weights(const Tensor& latent);

/// signs = sign(C) of the centred weights C, scale = mean |C| of the filter, or 1 without `scaling`
/// (Rastegari et al., "XNOR-Net", 2016; the centring is of its published training).
BinaryWeights binary_weights(const Tensor& latent, bool scaling);

/// d loss / d latent from `effective_grad` = G = d loss / d effective weight, by the rule that stands for the
/// derivative of sign(C), 1 where |C| < 1 and else 0:
///   d/dC = α · G · [|C| < 1] + sign(C) · mean over the filter of (G · sign(C))      (the second with
///   scaling) d/dW = d/dC - mean over the input channels of d/dC
/// With `relaxed`, where the effective weight is C itself, d/dC = G.
void latent_gradient(const Tensor& latent, bool scaling, bool relaxed, const Tensor& effective_grad,
                     Tensor& latent_grad);

}  // namespace ns::nn
