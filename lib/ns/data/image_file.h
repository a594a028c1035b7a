#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ns/tensor/image_shape.h"

namespace ns::data {

struct Image {
  ImageShape shape;
  std::vector<std::uint8_t> pixels;  ///< [h, w, c]
};

/// A JPEG or PNG file as gray (`channels` 1, colours become luminance) or RGB (3). Throws Error(kInput)
/// naming the file: missing, another format, damaged, cut short or larger than 2^26 pixels; Error(kUsage) in
/// a build without the library.
Image read_image(const std::string& path, int channels);

/// Gray pixels [h, w, 1] of a file of exactly this size. Throws as read_image does, and Error(kInput) for
/// another size.
std::vector<std::uint8_t> read_gray_image(const std::string& path, ImageShape shape);

}  // namespace ns::data
