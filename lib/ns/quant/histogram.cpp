#include "ns/quant/histogram.h"

#include <algorithm>
#include <cmath>

namespace ns::quant {
namespace {

constexpr int kBins = 2048;
constexpr double kSteps = 255;
constexpr int kShares = 41;

/// 1, 0.98, 0.96 … 0.2
double share(int i) {
  return 1 - 0.02 * i;
}

}  // namespace

Histogram::Histogram(double low, double high) : low_(low), width_((high - low) / kBins), counts_(kBins) {}

void Histogram::add(std::span<const float> values) {
  if (width_ <= 0) return;
  const auto low = static_cast<float>(low_), per_value = static_cast<float>(1 / width_);
  for (const float x : values)
    if (x != 0)
      ++counts_[static_cast<std::size_t>(std::clamp(static_cast<int>((x - low) * per_value), 0, kBins - 1))];
}

double Histogram::squared_error(double low, double high) const {
  // Inside the limits the error is uniform within a step; outside it is the distance to the nearest limit.
  const double step = (high - low) / kSteps, rounding = step * step / 12;
  double error = 0;
  for (int bin = 0; bin < kBins; ++bin) {
    const auto count = static_cast<double>(counts_[static_cast<std::size_t>(bin)]);
    if (count == 0) continue;
    const double x = low_ + (bin + 0.5) * width_;
    const double outside = x < low ? low - x : x > high ? x - high : 0;
    error += count * (outside > 0 ? outside * outside : rounding);
  }
  return error;
}

Histogram::Limits Histogram::best_limits() const {
  const double high_end = low_ + kBins * width_;
  Limits best{low_, high_end};
  double least = squared_error(low_, high_end);
  for (int l = 0; l < (low_ == 0 ? 1 : kShares); ++l) {
    for (int h = 0; h < (high_end == 0 ? 1 : kShares); ++h) {
      const double low = low_ * share(l), high = high_end * share(h), error = squared_error(low, high);
      if (error < least) {
        least = error;
        best = {low, high};
      }
    }
  }
  return best;
}

}  // namespace ns::quant
