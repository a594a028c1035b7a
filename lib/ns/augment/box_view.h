// Random views of images with boxes: what moves a pixel moves its box.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "ns/base/rng.h"
#include "ns/detect/box.h"
#include "ns/tensor/image_shape.h"

namespace ns::augment {

/// A square window of the image brought to its full size (larger than the image: zoomed out), perhaps
/// mirrored, with other brightness and contrast.
struct BoxView {
  detect::Box window{0, 0, 1, 1};
  bool flip_x = false, flip_y = false;
  double brightness = 0.0, contrast = 1.0;  ///< intensity.h; contrast about `fill`

  /// `fill` lies outside the image. The spans hold shape.size() bytes and must not overlap.
  void apply(std::span<const std::uint8_t> in, ImageShape shape, std::uint8_t fill,
             std::span<std::uint8_t> out) const;
  /// The object in the view, clipped to it. One of which less than half is left becomes difficult, less than
  /// a tenth none.
  std::optional<detect::Truth> apply(const detect::Truth& truth) const;
};

/// What views are drawn at random.
struct BoxAugment {
  bool horizontal_flip = false, vertical_flip = false;  ///< half of the time each
  /// Half of the time, a window with a side between these, in parts of the image's, anywhere inside it or,
  /// above 1, anywhere around it. 0 < smallest <= 1 <= largest.
  double smallest_window = 1.0, largest_window = 1.0;
  double colour_jitter =
      0.0;  ///< c: brightness changes by up to c / 2 of the range, contrast by a factor 1 ± c

  /// Always takes the same number of draws from rng.
  BoxView draw(Rng& rng) const;
};

}  // namespace ns::augment
