#include "ns/augment/intensity.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ns/base/error.h"

namespace ns::augment {
namespace {

void map_values(std::span<const std::uint8_t> in, double factor, double offset, std::span<std::uint8_t> out) {
  if (in.size() != out.size()) {
    throw internal_error("intensity transform between spans of different size");
  }
  std::array<std::uint8_t, 256> table{};
  for (int value = 0; value < 256; ++value) {
    const double mapped = std::clamp(std::floor(factor * value + offset + 0.5), 0.0, 255.0);
    table[static_cast<std::size_t>(value)] = static_cast<std::uint8_t>(mapped);
  }
  std::ranges::transform(in, out.begin(), [&](std::uint8_t value) { return table[value]; });
}

}  // namespace

void brighten(std::span<const std::uint8_t> in, double amount, std::span<std::uint8_t> out) {
  map_values(in, 1.0, 255.0 * amount, out);
}

void stretch_contrast(std::span<const std::uint8_t> in, double factor, double pivot,
                      std::span<std::uint8_t> out) {
  map_values(in, factor, pivot * (1.0 - factor), out);
}

}  // namespace ns::augment
