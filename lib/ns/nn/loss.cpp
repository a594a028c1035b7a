#include "ns/nn/loss.h"

#include <cmath>
#include <vector>

#include "ns/base/error.h"

namespace ns::nn {
namespace {

/// log softmax(row / temperature)
void log_softmax(const float* row, std::size_t classes, double temperature, std::vector<double>& log_p) {
  double largest = row[0];
  for (std::size_t c = 1; c < classes; ++c) {
    largest = std::max(largest, double{row[c]});
  }
  double sum = 0.0;
  log_p.resize(classes);
  for (std::size_t c = 0; c < classes; ++c) {
    log_p[c] = (row[c] - largest) / temperature;
    sum += std::exp(log_p[c]);
  }
  for (double& value : log_p) {
    value -= std::log(sum);
  }
}

/// Of image i; all are 1 if there are none.
double weight_of(std::span<const float> weights, std::size_t i) {
  return weights.empty() ? 1.0 : double{weights[i]};
}

void prepare(const Tensor& logits, Tensor& grad, std::span<const float> weights) {
  if (logits.shape().size() != 2 || logits.empty()) {
    throw internal_error("a loss needs logits of shape [n, classes], found " + to_string(logits.shape()));
  }
  if (!weights.empty() && weights.size() != static_cast<std::size_t>(logits.shape()[0])) {
    throw internal_error(std::to_string(weights.size()) + " weights for " +
                         std::to_string(logits.shape()[0]) + " images");
  }
  if (grad.shape() != logits.shape()) {
    grad = Tensor(logits.shape());
  }
}

}  // namespace

double cross_entropy(const Tensor& logits, std::span<const std::int32_t> labels, double smoothing,
                     Tensor& logits_grad, std::span<const float> weights) {
  prepare(logits, logits_grad, weights);
  const auto n = static_cast<std::size_t>(logits.shape()[0]),
             classes = static_cast<std::size_t>(logits.shape()[1]);
  if (labels.size() != n) {
    throw internal_error(std::to_string(labels.size()) + " labels for " + std::to_string(n) + " images");
  }
  const double share = smoothing / static_cast<double>(classes);
  std::vector<double> log_p;
  double loss = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    if (labels[i] < 0 || static_cast<std::size_t>(labels[i]) >= classes) {
      throw input_error("label " + std::to_string(labels[i]) + " of image " + std::to_string(i) +
                        " in the batch is outside the " + std::to_string(classes) + " classes");
    }
    const double weight = weight_of(weights, i);
    log_softmax(logits.data() + i * classes, classes, 1.0, log_p);
    for (std::size_t c = 0; c < classes; ++c) {
      const double target = share + (c == static_cast<std::size_t>(labels[i]) ? 1.0 - smoothing : 0.0);
      loss -= target > 0.0 ? weight * target * log_p[c] : 0.0;
      logits_grad.data()[i * classes + c] =
          static_cast<float>(weight * (std::exp(log_p[c]) - target) / static_cast<double>(n));
    }
  }
  return loss / static_cast<double>(n);
}

double distillation(const Tensor& logits, const Tensor& teacher_logits, double temperature,
                    Tensor& logits_grad, std::span<const float> weights) {
  prepare(logits, logits_grad, weights);
  if (teacher_logits.shape() != logits.shape()) {
    throw internal_error("the teacher's logits are " + to_string(teacher_logits.shape()) +
                         ", the student's " + to_string(logits.shape()));
  }
  const auto n = static_cast<std::size_t>(logits.shape()[0]),
             classes = static_cast<std::size_t>(logits.shape()[1]);
  std::vector<double> log_p, log_q;
  double loss = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double weight = weight_of(weights, i);
    log_softmax(logits.data() + i * classes, classes, temperature, log_q);
    log_softmax(teacher_logits.data() + i * classes, classes, temperature, log_p);
    for (std::size_t c = 0; c < classes; ++c) {
      const double p = std::exp(log_p[c]);
      loss += weight * p * (log_p[c] - log_q[c]);
      // d/dz of T² KL is T (q - p)
      logits_grad.data()[i * classes + c] =
          static_cast<float>(weight * temperature * (std::exp(log_q[c]) - p) / static_cast<double>(n));
    }
  }
  return temperature * temperature * loss / static_cast<double>(n);
}

double distilled_cross_entropy(const Tensor& logits, std::span<const std::int32_t> labels,
                               const Tensor& teacher_logits, const DistillationMix& mix, Tensor& logits_grad,
                               std::span<const float> weights) {
  Tensor soft_grad;
  const double soft = distillation(logits, teacher_logits, mix.temperature, soft_grad, weights);
  const double hard = cross_entropy(logits, labels, mix.smoothing, logits_grad, weights);
  const auto weight = static_cast<float>(mix.weight);
  for (std::int64_t i = 0; i < logits_grad.size(); ++i) {
    logits_grad[i] = (1.0f - weight) * logits_grad[i] + weight * soft_grad[i];
  }
  return (1.0 - mix.weight) * hard + mix.weight * soft;
}

}  // namespace ns::nn
