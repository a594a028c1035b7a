// Fits an image of any size into a network's input without distorting it.
#pragma once

#include "ns/data/image_file.h"
#include "ns/detect/box.h"

namespace ns::data {

/// Where the image lies in its letterbox, in parts of the letterbox: as large as its aspect ratio allows, in
/// whole pixels, and in the middle.
detect::Box letterbox_area(ImageShape image, ImageShape letterbox);

/// The image scaled to that area, each pixel the mean of what it covers (bilinear where the image is
/// enlarged), the rest `fill`. Both have the same number of channels.
std::vector<std::uint8_t> letterboxed(const Image& image, ImageShape letterbox, std::uint8_t fill);

/// A box of the image as a box of its letterbox.
detect::Box in_letterbox(const detect::Box& box, const detect::Box& area);

}  // namespace ns::data
