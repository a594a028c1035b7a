#include "ns/detect/box_codec.h"

#include <algorithm>
#include <cmath>

namespace ns::detect {

BoxCode encode(const Box& box, const Box& from) {
  const float w = from.width(), h = from.height();
  return {(box.x0 + box.x1 - from.x0 - from.x1) / 2 / w / kCentreVariance,
          (box.y0 + box.y1 - from.y0 - from.y1) / 2 / h / kCentreVariance,
          std::log(box.width() / w) / kSizeVariance, std::log(box.height() / h) / kSizeVariance};
}

Box decode(const BoxCode& code, const Box& from) {
  const auto grown = [](float extent, float d) {
    return extent * std::exp(std::clamp(d, -30.0f, 30.0f) * kSizeVariance);
  };
  const float x = (from.x0 + from.x1) / 2 + code[0] * kCentreVariance * from.width();
  const float y = (from.y0 + from.y1) / 2 + code[1] * kCentreVariance * from.height();
  const float w = grown(from.width(), code[2]), h = grown(from.height(), code[3]);
  return {x - w / 2, y - h / 2, x + w / 2, y + h / 2};
}

}  // namespace ns::detect
