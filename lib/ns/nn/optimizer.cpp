#include "ns/nn/optimizer.h"

#include <cmath>

namespace ns::nn {

Optimizer::Optimizer(std::vector<Parameter>& parameters, std::initializer_list<const char*> suffixes)
    : parameters_(parameters) {
  for (const char* suffix : suffixes) {
    for (const Parameter& parameter : parameters) {
      state_.push_back({parameter.name + suffix, Tensor(parameter.value.shape())});
    }
  }
}

void Sgd::step(double learning_rate) {
  const auto rate = static_cast<float>(learning_rate);
  ++steps;
  const auto momentum = static_cast<float>(options_.momentum);
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    Parameter& parameter = parameters_[p];
    const float decay = parameter.decay ? static_cast<float>(options_.weight_decay) : 0.0f;
    float* value = parameter.value.data();
    const float* grad = parameter.grad.data();
    float* velocity = state_[p].value.data();
    for (std::int64_t i = 0; i < parameter.value.size(); ++i) {
      const float g = grad[i] + decay * value[i];
      velocity[i] = momentum * velocity[i] + g;
      value[i] -= rate * (options_.nesterov ? g + momentum * velocity[i] : velocity[i]);
    }
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
  }
}

}  // namespace ns::nn
