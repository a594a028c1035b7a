// What stands in a batch-norm's formula beside its parameters.
#pragma once

namespace ns::nn {

/// y = (x - mean) / sqrt(variance + kBatchNormEpsilon) * gamma + beta
inline constexpr double kBatchNormEpsilon = 1e-5;

}  // namespace ns::nn
