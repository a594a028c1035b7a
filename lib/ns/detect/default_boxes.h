// The boxes that a detector starts from (Liu et al., "SSD: Single Shot MultiBox Detector", 2016, 2.2).
#pragma once

#include <array>
#include <span>
#include <vector>

#include "ns/detect/box.h"

namespace ns::detect {

/// One scale: a grid of cells, each with boxes of these sizes (width, height in parts of the image) around
/// its centre ((x + 0.5) / w, (y + 0.5) / h).
struct Grid {
  int h = 0, w = 0;
  std::vector<std::array<float, 2>> sizes;
};

/// Scale after scale; in a scale by row, column and size, which is the order of a head's outputs [h, w,
/// sizes]. Boxes may reach out of the image.
std::vector<Box> default_boxes(std::span<const Grid> grids);

}  // namespace ns::detect
