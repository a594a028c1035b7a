// Bilinear resampling of 8-bit h, w, c images: scaling, rotation, crops brought back to the full size.
#pragma once

#include <cstdint>
#include <span>

#include "ns/tensor/image_shape.h"

namespace ns::augment {

/// Where an output pixel comes from: source y = y0 + yy·y + yx·x and source x = x0 + xy·y + xx·x, in pixels
/// from the centre of the top left one.
struct SourceMap {
  double y0 = 0, yy = 1, yx = 0;
  double x0 = 0, xy = 0, xx = 1;
};

/// Magnifies by `factor` > 0 about the centre.
SourceMap magnify(ImageShape shape, double factor);
/// Turns anticlockwise by `degrees` about the centre.
SourceMap turn(ImageShape shape, double degrees);
/// The square of `size` pixels at (top, left), stretched to the whole image.
SourceMap stretch_crop(ImageShape shape, int size, int top, int left);

/// Bilinear. A source outside the image's area is `fill`; within half a pixel of its border the border pixel
/// counts. The spans hold shape.size() bytes and must not overlap; throws Error(kInternal) otherwise.
void resample(std::span<const std::uint8_t> in, ImageShape shape, const SourceMap& map, std::uint8_t fill,
              std::span<std::uint8_t> out);

}  // namespace ns::augment
