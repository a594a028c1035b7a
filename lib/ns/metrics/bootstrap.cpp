#include "ns/metrics/bootstrap.h"

#include <algorithm>
#include <vector>

#include "ns/base/error.h"
#include "ns/base/rng.h"

namespace ns::metrics {

Bounds paired_bootstrap95(std::size_t gained, std::size_t lost, std::size_t total) {
  if (total == 0 || gained + lost > total) {
    throw internal_error("bootstrap of " + std::to_string(gained) + " + " + std::to_string(lost) + " of " +
                         std::to_string(total) + " samples");
  }
  if (gained + lost == 0) {
    return {0, 0};
  }
  constexpr std::size_t kResamples = 2000;
  Rng rng(total);
  std::vector<double> differences(kResamples);
  for (double& difference : differences) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < total; ++i) {
      const std::uint64_t drawn = rng.below(total);
      sum += drawn < gained ? 1 : drawn < gained + lost ? -1 : 0;
    }
    difference = static_cast<double>(sum) / static_cast<double>(total);
  }
  std::ranges::sort(differences);
  return {differences[kResamples / 40], differences[kResamples - 1 - kResamples / 40]};
}

}  // namespace ns::metrics
