#include "ns/train/weight_average.h"

#include <algorithm>
#include <utility>

namespace ns::train {

WeightAverage::WeightAverage(nn::Network& network, double decay) : decay_(decay) {
  if (!on()) {
    return;
  }
  const auto add = [&](auto& items) {
    for (auto& item : items) {
      values_.push_back(&item.value);
      averages_.push_back({item.name, item.value});
    }
  };
  add(network.parameters());
  add(network.buffers());
}

void WeightAverage::update() {
  const auto t = static_cast<double>(steps);
  const auto share = static_cast<float>(1.0 - std::min(decay_, (1.0 + t) / (10.0 + t)));
  for (std::size_t i = 0; i < values_.size(); ++i) {
    Tensor& average = averages_[i].value;
    if (steps == 0) {
      average = *values_[i];
      continue;
    }
    for (std::int64_t j = 0; j < average.size(); ++j) {
      average[j] += share * ((*values_[i])[j] - average[j]);
    }
  }
  ++steps;
}

void WeightAverage::swap() {
  if (steps == 0) {
    return;
  }
  for (std::size_t i = 0; i < values_.size(); ++i) {
    std::swap(*values_[i], averages_[i].value);
  }
}

}  // namespace ns::train
