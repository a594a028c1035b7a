// What a network hears: the energy of a recording by time and frequency, as an image.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/tensor/image_shape.h"

namespace ns::data {

/// 49 frames of 32 ms, every 20 ms, by 20 bands, one channel: one second at 8 kHz.
inline constexpr ImageShape kLogMelShape{49, 20, 1};
inline constexpr int kLogMelRate = 8000;  ///< samples per second

/// Pixels [49, 20, 1] of a recording at 8 kHz: decibels below the recording's loudest band, 0 dB as 255, −80
/// dB and less as 0. Longer recordings are cut at one second, shorter ones followed by silence. Hann window,
/// 256 points, triangular filters between 60 and 3800 Hz, equally wide on the mel scale of O'Shaughnessy
/// (Speech Communication, 1987). Throws Error(kUsage) in a build without KISS FFT.
std::vector<std::uint8_t> log_mel(std::span<const float> samples);

}  // namespace ns::data
