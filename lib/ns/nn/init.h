// Initial values of parameters.
#pragma once

#include "ns/base/rng.h"
#include "ns/nn/network.h"

namespace ns::nn {

/// He et al. (2015), eq. 14 with fan-out: normal with variance 2 / (outputs that one input reaches). `weight`
/// is [co, ci/groups, kh, kw]; the fan-out is co/groups * kh * kw.
void he_normal_fan_out(Tensor& weight, int groups, Rng& rng);

/// Uniform in ±1/√inputs, for the weight and the bias of a linear layer, as PyTorch does.
void uniform_fan_in(Tensor& values, std::int64_t inputs, Rng& rng);

}  // namespace ns::nn
