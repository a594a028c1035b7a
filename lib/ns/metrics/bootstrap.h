#pragma once

#include <cstddef>

namespace ns::metrics {

struct Bounds {
  double low = 0, high = 0;
};

/// 95 % percentile interval of the difference of two accuracies on the same `total` samples, by the paired
/// bootstrap: 2,000 resamples of the samples, of which `gained` are right now and were wrong, `lost` the
/// other way round, and the rest do not count. Fractions, −1 … 1; always the same for the same counts. Throws
/// Error(kInternal) if the counts do not fit.
Bounds paired_bootstrap95(std::size_t gained, std::size_t lost, std::size_t total);

}  // namespace ns::metrics
