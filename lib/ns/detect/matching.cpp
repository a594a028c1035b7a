#include "ns/detect/matching.h"

#include <algorithm>

namespace ns::detect {

std::vector<int> match(std::span<const Box> default_boxes, std::span<const Truth> objects, float threshold) {
  const std::size_t boxes = default_boxes.size();
  std::vector<int> object_of(boxes, -1);
  std::vector<float> best(boxes, 0.0f);
  std::vector<std::vector<float>> overlaps(objects.size(), std::vector<float>(boxes));
  for (std::size_t t = 0; t < objects.size(); ++t) {
    for (std::size_t d = 0; d < boxes; ++d) {
      const float overlap = overlaps[t][d] = iou(default_boxes[d], objects[t].box);
      if (overlap >= threshold && overlap > best[d]) {
        best[d] = overlap;
        object_of[d] = static_cast<int>(t);
      }
    }
  }
  std::vector<bool> served(objects.size()), given(boxes);
  for (std::size_t round = 0; round < std::min(objects.size(), boxes); ++round) {
    std::size_t object = 0, box = 0;
    float largest = -1.0f;
    for (std::size_t t = 0; t < objects.size(); ++t) {
      if (served[t]) continue;
      for (std::size_t d = 0; d < boxes; ++d) {
        if (!given[d] && overlaps[t][d] > largest) {
          largest = overlaps[t][d];
          object = t;
          box = d;
        }
      }
    }
    served[object] = given[box] = true;
    object_of[box] = static_cast<int>(object);
  }
  return object_of;
}

}  // namespace ns::detect
