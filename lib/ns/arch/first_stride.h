// One rule for networks that were designed for large images and are also used on CIFAR. Private to this room.
#pragma once

#include <algorithm>

#include "ns/nn/graph.h"

namespace ns::arch {

/// Stride of the first convolution: images up to 48 pixels are too small to be halved at once.
inline int first_stride(nn::ImageShape input) {
  return std::max(input.h, input.w) <= 48 ? 1 : 2;
}

}  // namespace ns::arch
