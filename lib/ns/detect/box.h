// Axis-parallel boxes: what is to be found in an image, and what a detector says is there.
#pragma once

#include <algorithm>

namespace ns::detect {

/// Corners as fractions of the image's width and height: (0, 0) is its upper left, (1, 1) its lower right
/// corner.
struct Box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  float width() const { return x1 - x0; }
  float height() const { return y1 - y0; }
  /// 0 for an inverted box.
  float area() const { return std::max(0.0f, width()) * std::max(0.0f, height()); }
  bool operator==(const Box&) const = default;
};

/// What a detector says: `label` counts the data set's classes from 0 (no background), `score` is 0…1.
struct Detection {
  int image = 0;
  int label = 0;
  float score = 0;
  Box box;
  bool operator==(const Detection&) const = default;
};

/// What is there. A `difficult` object need not be found, and finding it is no mistake.
struct Truth {
  int image = 0;
  int label = 0;
  Box box;
  bool difficult = false;
  bool operator==(const Truth&) const = default;
};

/// The part of the box that lies inside `window`; of zero area if there is none.
inline Box clipped(const Box& box, const Box& window = {0, 0, 1, 1}) {
  const auto x = [&](float v) { return std::clamp(v, window.x0, window.x1); };
  const auto y = [&](float v) { return std::clamp(v, window.y0, window.y1); };
  return {x(box.x0), y(box.y0), x(box.x1), y(box.y1)};
}

/// Intersection over union, 0…1; 0 if neither has an area.
inline float iou(const Box& a, const Box& b) {
  const Box common{std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
  const float shared = common.area(), together = a.area() + b.area() - shared;
  return together > 0 ? shared / together : 0.0f;
}

}  // namespace ns::detect
