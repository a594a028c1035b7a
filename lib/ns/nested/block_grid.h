// How a weight tensor is cut into blocks of adjacent input channels.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ns/tensor/tensor.h"

namespace ns::nested {

/// Blocks of 1×width: `width` adjacent input channels of one output channel at one kernel tap. Weights are
/// OIHW [co, ci, kh, kw] or [units, in]; blocks are counted in the order [co][ceil(ci/width)][kh][kw].
/// When width does not divide ci, the last block of every row is partial.
class BlockGrid {
 public:
  /// Throws Error(kUsage) unless width is 1, 2 or 4, Error(kInput) unless the shape has two or four extents.
  BlockGrid(Shape weight_shape, int width);

  const Shape& weight_shape() const { return weight_shape_; }
  int width() const { return width_; }
  /// [co, ceil(ci/width), kh, kw], or [units, ceil(in/width)].
  Shape shape() const;
  std::int64_t weight_count() const { return co_ * ci_ * taps_; }
  std::int64_t block_count() const { return co_ * blocks_per_row_ * taps_; }

  std::int64_t block_of(std::int64_t weight) const {
    const std::int64_t tap = weight % taps_, channel = weight / taps_ % ci_, row = weight / (taps_ * ci_);
    return (row * blocks_per_row_ + channel / width_) * taps_ + tap;
  }
  /// Number of weights in a block: width, or less in a partial one.
  std::int64_t weights_in(std::int64_t block) const {
    return std::min<std::int64_t>(width_, ci_ - block / taps_ % blocks_per_row_ * width_);
  }
  bool is_partial(std::int64_t block) const { return weights_in(block) < width_; }

  bool operator==(const BlockGrid&) const = default;

 private:
  Shape weight_shape_;
  int width_;
  std::int64_t co_, ci_, taps_, blocks_per_row_;
};

}  // namespace ns::nested
