// Transforms of 8-bit h, w, c images: one implementation for training and for test-time augmentation.
#pragma once

#include <cstdint>
#include <span>

#include "ns/tensor/image_shape.h"

namespace ns::augment {

/// out(y, x) = in(y, w−1−x). The spans hold shape.size() bytes and must not overlap.
void flip_horizontal(std::span<const std::uint8_t> in, ImageShape shape, std::span<std::uint8_t> out);

/// out(y, x) = in(y + dy, x + dx), and `fill` where that lies outside. Padding by p on all sides and cropping
/// at (oy, ox) is shift by (oy − p, ox − p). With the mean pixel as fill the padding is zero after
/// normalisation.
void shift(std::span<const std::uint8_t> in, ImageShape shape, int dy, int dx, std::uint8_t fill,
           std::span<std::uint8_t> out);

}  // namespace ns::augment
