// Distribution of a tensor's values, to choose the range that 8 bits should cover.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ns::quant {

/// Counts values of a known interval low…high (low ≤ 0 ≤ high) in equal bins. Zeros are left out: every range
/// represents them exactly.
class Histogram {
 public:
  Histogram(double low, double high);
  void add(std::span<const float> values);

  /// Sum over all values of the squared difference to what 8-bit affine quantisation over low…high makes of
  /// them.
  double squared_error(double low, double high) const;

  /// The pair of limits inside the interval with the least squared error, found on a grid: each side keeps a
  /// share of 100, 98, 96 … 20 % of its extent.
  struct Limits {
    double low, high;
  };
  Limits best_limits() const;

 private:
  double low_, width_;  // of the interval; of a bin
  std::vector<std::int64_t> counts_;
};

}  // namespace ns::quant
