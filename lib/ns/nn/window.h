// The part of a pooling window that lies inside the image. Private to this room.
#pragma once

#include <algorithm>

#include "ns/nn/graph.h"

namespace ns::nn {

struct Window {
  int top, bottom, left, right;  ///< half-open

  Window(const Layer& layer, const ImageShape& in, int oy, int ox) {
    const int y = oy * layer.stride[0] - layer.padding.top;
    const int x = ox * layer.stride[1] - layer.padding.left;
    top = std::max(y, 0);
    bottom = std::min(y + layer.kernel[0], in.h);
    left = std::max(x, 0);
    right = std::min(x + layer.kernel[1], in.w);
  }

  int area() const { return (bottom - top) * (right - left); }
};

}  // namespace ns::nn
