// What stands in a batch-norm's formulas beside its parameters.
#pragma once

namespace ns::nn {

/// y = (x - mean) / sqrt(variance + kBatchNormEpsilon) * gamma + beta
inline constexpr double kBatchNormEpsilon = 1e-5;

/// running = (1 - kBatchNormMomentum) * running + kBatchNormMomentum * batch's
inline constexpr double kBatchNormMomentum = 0.1;

}  // namespace ns::nn
