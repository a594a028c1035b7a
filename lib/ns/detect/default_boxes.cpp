#include "ns/detect/default_boxes.h"

namespace ns::detect {

std::vector<Box> default_boxes(std::span<const Grid> grids) {
  std::vector<Box> boxes;
  for (const Grid& grid : grids) {
    for (int row = 0; row < grid.h; ++row) {
      for (int column = 0; column < grid.w; ++column) {
        const float x = (static_cast<float>(column) + 0.5f) / static_cast<float>(grid.w);
        const float y = (static_cast<float>(row) + 0.5f) / static_cast<float>(grid.h);
        for (const auto& [w, h] : grid.sizes) {
          boxes.push_back({x - w / 2, y - h / 2, x + w / 2, y + h / 2});
        }
      }
    }
  }
  return boxes;
}

}  // namespace ns::detect
