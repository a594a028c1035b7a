// From a head's outputs to detections: class scores, boxes, and one box for each object.
#pragma once

#include <span>
#include <vector>

#include "ns/detect/box.h"

namespace ns::detect {

struct DecodeOptions {
  float min_score = 0.01f;   ///< softmax probability below which a box is no candidate
  int max_candidates = 200;  ///< of an image and class that go into non-maximum suppression, the best
  float max_iou = 0.45f;     ///< of two kept boxes of a class
  int max_detections = 100;  ///< of an image, the best of all classes
};

/// Greedy non-maximum suppression of one image's detections: by falling score (equals in their given order),
/// leaving out whatever overlaps a kept one of its own class by more than `max_iou`.
std::vector<Detection> suppress(std::vector<Detection> candidates, float max_iou);

/// One image. `scores` is [boxes, classes + 1], class 0 the background, before softmax; `codes` is [boxes, 4]
/// (box_codec.h). Boxes are clipped to the image; labels count the classes without background. By falling
/// score.
std::vector<Detection> decode_image(std::span<const float> scores, std::span<const float> codes,
                                    std::span<const Box> default_boxes, int classes, int image,
                                    const DecodeOptions& options = {});

}  // namespace ns::detect
