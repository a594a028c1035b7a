#include "ns/nn/optimizer.h"

namespace ns::nn {

Sgd::Sgd(std::vector<Parameter>& parameters, SgdOptions options)
    : parameters_(parameters), options_(options) {
  for (const Parameter& parameter : parameters) {
    velocity_.push_back({parameter.name + ".momentum", Tensor(parameter.value.shape())});
  }
}

void Sgd::step(double learning_rate) {
  const auto rate = static_cast<float>(learning_rate);
  const auto momentum = static_cast<float>(options_.momentum);
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    Parameter& parameter = parameters_[p];
    const float decay = parameter.decay ? static_cast<float>(options_.weight_decay) : 0.0f;
    float* value = parameter.value.data();
    const float* grad = parameter.grad.data();
    float* velocity = velocity_[p].value.data();
    for (std::int64_t i = 0; i < parameter.value.size(); ++i) {
      const float g = grad[i] + decay * value[i];
      velocity[i] = momentum * velocity[i] + g;
      value[i] -= rate * (options_.nesterov ? g + momentum * velocity[i] : velocity[i]);
    }
  }
}

}  // namespace ns::nn
