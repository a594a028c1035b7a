#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ns/tensor/image_shape.h"

namespace ns::data {

/// Gray pixels [h, w, 1] of a JPEG or PNG file of exactly this size; colours become luminance. Throws
/// Error(kInput) naming the file: missing, another format or size, damaged or cut short; Error(kUsage) in a
/// build without the library.
std::vector<std::uint8_t> read_gray_image(const std::string& path, ImageShape shape);

}  // namespace ns::data
