#pragma once

#include <cstdint>
#include <span>

namespace ns::data {

/// What a network sees of a pixel 0 … 255: x = scale · (pixel − mean_pixel), the same for every channel.
///
/// The mean is an integer so that the packed model gets exactly the training input: its int8 input is q =
/// pixel − 128, which stands for scale · (q − zero_point) with zero_point = mean_pixel − 128. That is x
/// itself, without rounding, and on the device normalising is one exclusive-or per byte. One mean and one
/// scale for all channels, because an int8 tensor has one of each.
struct Normalisation {
  int mean_pixel = 0;  ///< 0 … 255; also the padding, which is zero after normalisation
  float scale = 1.0f;

  int zero_point() const { return mean_pixel - 128; }
  bool operator==(const Normalisation&) const = default;
};

/// Both spans have the same size.
void normalise(std::span<const std::uint8_t> pixels, const Normalisation& normalisation, std::span<float> x);

}  // namespace ns::data
