#include "ns/nn/optimizer.h"

#include <cmath>

#include "ns/nn/vectorised.h"

namespace ns::nn {
namespace {

struct SgdUpdate {
  float rate, momentum, decay;
};

NS_MULTIVERSION void update_span(SgdUpdate u, const float* __restrict grad, float* __restrict velocity,
                                 float* __restrict value, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    velocity[i] = u.momentum * velocity[i] + (grad[i] + u.decay * value[i]);
    value[i] -= u.rate * velocity[i];
  }
}

NS_MULTIVERSION void update_span_nesterov(SgdUpdate u, const float* __restrict grad,
                                          float* __restrict velocity, float* __restrict value,
                                          std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    const float g = grad[i] + u.decay * value[i];
    velocity[i] = u.momentum * velocity[i] + g;
    value[i] -= u.rate * (g + u.momentum * velocity[i]);
  }
}

/// After a step, where the parameter has a limit.
void clip(Parameter& parameter) {
  if (std::isinf(parameter.limit)) {
    return;
  }
  for (float& value : parameter.value.values()) {
    value = value > parameter.limit ? parameter.limit : value < -parameter.limit ? -parameter.limit : value;
  }
}

}  // namespace

Optimizer::Optimizer(std::vector<Parameter>& parameters, std::initializer_list<const char*> suffixes)
    : parameters_(parameters) {
  for (const char* suffix : suffixes) {
    for (const Parameter& parameter : parameters) {
      state_.push_back({parameter.name + suffix, Tensor(parameter.value.shape())});
    }
  }
}

void Sgd::step(double learning_rate) {
  ++steps;
  const auto span = options_.nesterov ? update_span_nesterov : update_span;
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    Parameter& parameter = parameters_[p];
    const SgdUpdate update{static_cast<float>(learning_rate), static_cast<float>(options_.momentum),
                           parameter.decay ? static_cast<float>(options_.weight_decay) : 0.0f};
    const float* grad = parameter.grad.data();
    float* velocity = state_[p].value.data();
    float* value = parameter.value.data();
    parallel_chunks(parameter.value.size(), kElementsPerChunk,
                    [&](std::int64_t, std::int64_t first, std::int64_t last) {
                      span(update, grad + first, velocity + first, value + first, last - first);
                    });
    clip(parameter);
  }
}

void Adam::step(double learning_rate) {
  ++steps;
  const auto t = static_cast<double>(steps);
  const auto beta1 = static_cast<float>(options_.beta1), beta2 = static_cast<float>(options_.beta2);
  const auto rate = static_cast<float>(learning_rate / (1.0 - std::pow(options_.beta1, t)));
  const auto correction = static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(options_.beta2, t)));
  const auto epsilon = static_cast<float>(options_.epsilon);
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    Parameter& parameter = parameters_[p];
    const float decay = parameter.decay ? static_cast<float>(options_.weight_decay) : 0.0f;
    float* value = parameter.value.data();
    const float* grad = parameter.grad.data();
    float* first = state_[p].value.data();
    float* second = state_[parameters_.size() + p].value.data();
    for (std::int64_t i = 0; i < parameter.value.size(); ++i) {
      const float g = grad[i] + decay * value[i];
      first[i] = beta1 * first[i] + (1.0f - beta1) * g;
      second[i] = beta2 * second[i] + (1.0f - beta2) * g * g;
      value[i] -= rate * first[i] / (std::sqrt(second[i]) * correction + epsilon);
    }
    clip(parameter);
  }
}

}  // namespace ns::nn
