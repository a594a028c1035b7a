#include "ns/nn/init.h"

#include <cmath>

namespace ns::nn {

void he_normal_fan_out(Tensor& weight, int groups, Rng& rng) {
  const Shape& shape = weight.shape();
  const double fan_out = static_cast<double>(shape[0] / groups * shape[2] * shape[3]);
  const float deviation = static_cast<float>(std::sqrt(2.0 / fan_out));
  for (float& value : weight.values()) {
    value = deviation * rng.normal();
  }
}

void uniform_fan_in(Tensor& values, std::int64_t inputs, Rng& rng) {
  const float bound = static_cast<float>(1.0 / std::sqrt(static_cast<double>(inputs)));
  for (float& value : values.values()) {
    value = bound * (2.0f * rng.uniform() - 1.0f);
  }
}

}  // namespace ns::nn
