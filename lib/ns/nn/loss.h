// Classification losses. Each returns the mean over the batch and writes its gradient. With `weights`, one
// per image, not negative, it is the mean of weight times loss: an image of weight 2 counts as if it were
// there twice.
#pragma once

#include <cstdint>
#include <span>

#include "ns/tensor/tensor.h"

namespace ns::nn {

/// Softmax cross-entropy against targets (1 - s) one-hot + s / classes. `logits` is [n, classes], `labels`
/// has n entries in [0, classes), `smoothing` s is in [0, 1). `logits_grad` becomes d loss / d logits, [n,
/// classes]. Throws Error(kInput) on a label out of range, Error(kInternal) on shapes that do not fit.
double cross_entropy(const Tensor& logits, std::span<const std::int32_t> labels, double smoothing,
                     Tensor& logits_grad, std::span<const float> weights = {});

/// Distillation (Hinton, Vinyals and Dean, 2015): T² KL(softmax(teacher / T) || softmax(logits / T)). The
/// teacher's logits are constants. `temperature` T > 0.
double distillation(const Tensor& logits, const Tensor& teacher_logits, double temperature,
                    Tensor& logits_grad, std::span<const float> weights = {});

/// (1 - weight) * cross_entropy + weight * distillation, with `weight` in [0, 1].
struct DistillationMix {
  double weight = 0.5;
  double temperature = 1.0;
  double smoothing = 0.0;
};
double distilled_cross_entropy(const Tensor& logits, std::span<const std::int32_t> labels,
                               const Tensor& teacher_logits, const DistillationMix& mix, Tensor& logits_grad,
                               std::span<const float> weights = {});

}  // namespace ns::nn
