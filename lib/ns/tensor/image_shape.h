#pragma once

#include <cstdint>

namespace ns {

/// Height, width and channels of one image or activation, stored h, w, c.
struct ImageShape {
  int h = 0, w = 0, c = 0;
  std::int64_t size() const { return std::int64_t{h} * w * c; }
  bool operator==(const ImageShape&) const = default;
};

}  // namespace ns
