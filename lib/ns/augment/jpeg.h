#pragma once

#include <cstdint>
#include <span>

#include "ns/tensor/image_shape.h"

namespace ns::augment {

/// Whether this build has libjpeg.
bool jpeg_available();

/// out = in, compressed as a JPEG of `quality` 1 … 100 and decompressed again. Images of 1 or 3 channels;
/// throws Error(kUsage) for others and in a build without libjpeg.
void jpeg_round_trip(std::span<const std::uint8_t> in, ImageShape shape, int quality,
                     std::span<std::uint8_t> out);

}  // namespace ns::augment
