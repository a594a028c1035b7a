#pragma once

#include <array>
#include <cstdint>

namespace ns::metrics {

/// Expected calibration error: mean over 15 equal bins of predicted probability, weighted by their samples,
/// of |accuracy − mean probability| (Guo et al., ICML 2017).
class CalibrationError {
 public:
  /// probability 0 … 1 of the answer given.
  void add(double probability, bool right);
  /// 0 … 1; 0 without samples.
  double value() const;

 private:
  struct Bin {
    std::int64_t samples = 0, right = 0;
    double probability = 0;
  };
  std::array<Bin, 15> bins_{};
};

}  // namespace ns::metrics
