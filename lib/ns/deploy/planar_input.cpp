#include "ns/deploy/planar_input.h"

#include "ns/base/error.h"

namespace ns::deploy {

void planar_input(std::span<const std::uint8_t> image, std::size_t h, std::size_t w, std::size_t c,
                  std::span<std::int8_t> planar) {
  const std::size_t pixels = h * w;
  if (image.size() != pixels * c || planar.size() != pixels * c) {
    throw internal_error("planar_input: " + std::to_string(image.size()) + " and " +
                         std::to_string(planar.size()) + " values for an image of " +
                         std::to_string(pixels * c));
  }
  for (std::size_t channel = 0; channel < c; ++channel) {
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
      planar[channel * pixels + pixel] = static_cast<std::int8_t>(image[pixel * c + channel] - 128);
    }
  }
}

}  // namespace ns::deploy
