// Corruptions of test images, for robustness: what test-time augmentation is for.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ns/tensor/image_shape.h"

namespace ns::augment {

/// One kind at one severity, 1 (mild) … 5 (strong).
struct Corruption {
  enum class Kind { kGaussianNoise, kBlur, kBrightness, kContrast, kShift, kRotation, kJpeg };
  Kind kind = Kind::kGaussianNoise;
  int severity = 1;
  std::string name() const;

  /// The strengths of severities 1 … 5: noise: standard deviation 0.02, 0.04, 0.06, 0.08, 0.10 of the range
  /// of pixels; blur: Gaussian of sigma 0.4, 0.6, 0.8, 1.0, 1.3 pixels; brightness: ±0.05, 0.1, 0.15, 0.2,
  /// 0.3; contrast: ×0.8, 0.65, 0.5, 0.4, 0.3; shift: 1 … 5 pixels; rotation: ±5, 10, 15, 20, 25 degrees;
  /// jpeg: quality 80, 60, 40, 25, 15. Signs and directions are drawn per image.
  double strength() const;

  /// Image number `index` of a data set: the same result for the same seed, whatever else was corrupted.
  /// `fill` is what lies outside the image, and contrast's pivot. The spans hold shape.size() bytes and must
  /// not overlap.
  void apply(std::span<const std::uint8_t> in, ImageShape shape, std::uint8_t fill, std::uint64_t seed,
             std::size_t index, std::span<std::uint8_t> out) const;
};

/// "gaussian_noise", "blur", "brightness", "contrast", "shift", "rotation", "jpeg"
std::vector<std::string> corruption_names();

/// Reads "blur:3". Throws Error(kUsage) for an unknown name (with the nearest) or a severity that is not 1 …
/// 5, and for jpeg in a build without libjpeg.
Corruption parse_corruption(const std::string& text);

}  // namespace ns::augment
