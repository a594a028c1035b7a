// The loss that detectors learn from (SSD, equations 1 to 3).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/detect/box_codec.h"

namespace ns::detect {

/// What the default boxes of one image should say.
struct Targets {
  std::vector<std::int32_t> classes;  ///< 0: background; c + 1: class c; −1: a difficult object, ignored
  std::vector<BoxCode> codes;         ///< of boxes that are no background
  std::int64_t objects = 0;           ///< boxes that are neither background nor ignored
};

Targets targets_of(std::span<const Box> default_boxes, std::span<const Truth> objects);

/// One image's sum over its default boxes: softmax cross-entropy of the boxes that stand for objects and of
/// the three times as many background boxes (three at least) whose loss is largest ("hard negatives"), plus
/// the smooth L1 distance of the objects' codes. `scores` is [boxes, classes + 1], `codes` [boxes, 4]; the
/// gradients, of the same sizes, become those of `factor` · loss. Returns the loss without the factor.
template <class T>
double multi_box_loss(std::span<const T> scores, std::span<const T> codes, const Targets& targets,
                      double factor, std::span<T> scores_grad, std::span<T> codes_grad);

}  // namespace ns::detect
