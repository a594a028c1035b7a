// Pictures with boxes drawn on them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "ns/detect/box.h"
#include "ns/tensor/image_shape.h"

namespace ns::report {

using Colour = std::array<std::uint8_t, 3>;  ///< red, green, blue

class Picture {
 public:
  /// An image [h, w, c] of one or three channels, every pixel enlarged so that the longer side has at least
  /// `least_extent` pixels.
  Picture(std::span<const std::uint8_t> pixels, const ImageShape& shape, int least_extent);

  /// The outline of a box, `thick` pixels to the inside, and inside of it one more of another colour, so that
  /// one of them is seen on any ground.
  void outline(const detect::Box& box, int thick, const Colour& colour, const Colour& inside);
  /// A number of at least 0 in black or white on a field that stands on the box's upper left corner; where
  /// there is no room above, within the box.
  void number(const detect::Box& box, int value, const Colour& field);

  /// The bytes of a PNG file. Throws Error(kUsage) in a build without libpng.
  std::vector<std::uint8_t> png() const;

 private:
  void set(int x, int y, const Colour& colour);
  int factor_, h_, w_;
  std::vector<std::uint8_t> rgb_;
};

}  // namespace ns::report
