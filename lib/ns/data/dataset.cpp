#include "ns/data/dataset.h"

#include <algorithm>

namespace ns::data {

std::span<const detect::Truth> Dataset::truths_of(std::size_t i) const {
  const auto found = std::ranges::equal_range(truths, static_cast<int>(i), {}, &detect::Truth::image);
  return {found.begin(), found.end()};
}

std::vector<detect::Truth> renumbered(std::span<const detect::Truth> truths, std::span<const int> new_index) {
  std::vector<detect::Truth> kept;
  for (detect::Truth truth : truths) {
    truth.image = new_index[static_cast<std::size_t>(truth.image)];
    if (truth.image >= 0) kept.push_back(truth);
  }
  return kept;
}

}  // namespace ns::data
