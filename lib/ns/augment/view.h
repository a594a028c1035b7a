// A view: one altered copy of an image, the same code in training and in test-time augmentation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ns/tensor/image_shape.h"

namespace ns::augment {

/// One step of a view. `values` in the order of the text form "name:value,value"; see transform_names().
struct Transform {
  enum class Kind { kFlip, kShift, kCrop, kScale, kRotate, kBrightness, kContrast };
  Kind kind = Kind::kFlip;
  std::vector<double> values;
  bool operator==(const Transform&) const = default;
};

Transform mirror();
Transform shift_by(int dy, int dx);

/// What a view without resampling does: out = shift(in, dy, dx), then mirrored if `flip`.
struct Placement {
  int dy = 0, dx = 0;
  bool flip = false;
  bool operator==(const Placement&) const = default;
};

/// Transforms applied one after the other; none: the identity.
class View {
 public:
  View& add(Transform transform);
  View& add(const View& other);

  bool identity() const { return transforms_.empty(); }
  const std::vector<Transform>& transforms() const { return transforms_; }
  /// "identity" or "shift:-2,2+flip": parse_view's input.
  std::string name() const;
  /// If all it takes is one shift and one mirror image, in either order: what microcontrollers can do.
  std::optional<Placement> placement() const;
  /// `fill` is what lies outside the image, and contrast's pivot. The spans hold shape.size() bytes and must
  /// not overlap.
  void apply(std::span<const std::uint8_t> in, ImageShape shape, std::uint8_t fill,
             std::span<std::uint8_t> out) const;

  bool operator==(const View&) const = default;

 private:
  std::vector<Transform> transforms_;
};

/// "flip", "shift", "crop", "scale", "rotate", "brightness", "contrast"
std::vector<std::string> transform_names();

/// Reads "identity" or transforms joined by "+": flip, shift:DY,DX (pixels), crop:SIZE,TOP,LEFT (a square
/// stretched to the image's size), scale:FACTOR, rotate:DEGREES, brightness:AMOUNT (−1 … 1 of the range of
/// pixels), contrast:FACTOR. Throws Error(kUsage) that opens with `where` for an unknown name (with the
/// nearest one), wrong values, and what does not fit images of this shape.
View parse_view(std::string_view text, ImageShape shape, const std::string& where);

}  // namespace ns::augment
