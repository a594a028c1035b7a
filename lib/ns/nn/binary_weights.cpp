#include "ns/nn/binary_weights.h"

#include <cmath>

#include "ns/nn/sign_levels.h"

namespace ns::nn {
namespace {

/// Takes the mean over the input channels off every filter and tap of [co, ci, kh, kw].
void centre(Tensor& weights) {
  const Shape& shape = weights.shape();
  const std::int64_t inputs = shape[1], taps = shape[2] * shape[3];
  for (std::int64_t filter = 0; filter < shape[0]; ++filter) {
    float* first = weights.data() + filter * inputs * taps;
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      double sum = 0.0;
      for (std::int64_t i = 0; i < inputs; ++i) sum += double{first[i * taps + tap]};
      const auto mean = static_cast<float>(sum / static_cast<double>(inputs));
      for (std::int64_t i = 0; i < inputs; ++i) first[i * taps + tap] -= mean;
    }
  }
}

}  // namespace

Tensor centred_weights(const Tensor& latent) {
  Tensor weights = latent;
  centre(weights);
  return weights;
}

BinaryWeights binary_weights(const Tensor& latent, bool scaling) {
  BinaryWeights binary{centred_weights(latent), {}};
  const std::int64_t filters = latent.shape()[0], weights = latent.size() / filters;
  for (std::int64_t filter = 0; filter < filters; ++filter) {
    float* first = binary.signs.data() + filter * weights;
    double sum = 0.0;
    for (std::int64_t i = 0; i < weights; ++i) {
      sum += std::abs(double{first[i]});
      first[i] = sign_of(first[i]);
    }
    binary.scale.push_back(scaling ? static_cast<float>(sum / static_cast<double>(weights)) : 1.0f);
  }
  return binary;
}

void latent_gradient(const Tensor& latent, bool scaling, bool relaxed, const Tensor& effective_grad,
                     Tensor& latent_grad) {
  latent_grad = effective_grad;
  if (!relaxed) {
    const Tensor centred = centred_weights(latent);
    const BinaryWeights binary = binary_weights(latent, scaling);
    const std::int64_t filters = latent.shape()[0], weights = latent.size() / filters;
    for (std::int64_t filter = 0; filter < filters; ++filter) {
      const std::int64_t begin = filter * weights, end = begin + weights;
      double sum = 0.0;
      for (std::int64_t i = begin; i < end; ++i) sum += double{effective_grad[i]} * double{binary.signs[i]};
      const auto of_scale = scaling ? static_cast<float>(sum / static_cast<double>(weights)) : 0.0f;
      const float scale = binary.scale[static_cast<std::size_t>(filter)];
      for (std::int64_t i = begin; i < end; ++i) {
        latent_grad[i] = scale * effective_grad[i] * clipped_slope(centred[i]) + of_scale * binary.signs[i];
      }
    }
  }
  centre(latent_grad);
}

}  // namespace ns::nn
