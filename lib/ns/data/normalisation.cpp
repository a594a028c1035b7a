#include "ns/data/normalisation.h"

#include "ns/base/error.h"

namespace ns::data {

void normalise(std::span<const std::uint8_t> pixels, const Normalisation& normalisation, std::span<float> x) {
  if (pixels.size() != x.size()) {
    throw internal_error("normalise between spans of different size");
  }
  const auto [mean, scale] = normalisation;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    x[i] = scale * static_cast<float>(pixels[i] - mean);
  }
}

}  // namespace ns::data
