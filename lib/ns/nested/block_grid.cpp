#include "ns/nested/block_grid.h"

#include "ns/base/error.h"

namespace ns::nested {

BlockGrid::BlockGrid(Shape weight_shape, int width) : weight_shape_(std::move(weight_shape)), width_(width) {
  if (width != 1 && width != 2 && width != 4) {
    throw usage_error("block width " + std::to_string(width) + ": expected 1, 2 or 4");
  }
  const std::size_t rank = weight_shape_.size();
  if ((rank != 2 && rank != 4) || element_count(weight_shape_) == 0) {
    throw input_error("weight of shape " + ns::to_string(weight_shape_) + " cannot be cut into blocks");
  }
  co_ = weight_shape_[0];
  ci_ = weight_shape_[1];
  taps_ = rank == 4 ? weight_shape_[2] * weight_shape_[3] : 1;
  blocks_per_row_ = (ci_ + width - 1) / width;
}

Shape BlockGrid::shape() const {
  Shape shape = weight_shape_;
  shape[1] = blocks_per_row_;
  return shape;
}

}  // namespace ns::nested
