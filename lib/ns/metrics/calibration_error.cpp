#include "ns/metrics/calibration_error.h"

#include <algorithm>
#include <cmath>

namespace ns::metrics {

void CalibrationError::add(double probability, bool right) {
  const auto count = static_cast<double>(bins_.size());
  const double place = std::clamp(probability * count, 0.0, count - 1);
  Bin& bin = bins_[static_cast<std::size_t>(place)];
  ++bin.samples;
  bin.right += right;
  bin.probability += probability;
}

double CalibrationError::value() const {
  double error = 0, samples = 0;
  for (const Bin& bin : bins_) {
    error += std::abs(static_cast<double>(bin.right) - bin.probability);
    samples += static_cast<double>(bin.samples);
  }
  return samples > 0 ? error / samples : 0.0;
}

}  // namespace ns::metrics
