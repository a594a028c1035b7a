#include "ns/augment/transform.h"

#include <algorithm>

#include "ns/base/error.h"

namespace ns::augment {
namespace {

void require_size(std::span<const std::uint8_t> in, ImageShape shape, std::span<std::uint8_t> out) {
  const auto size = static_cast<std::size_t>(shape.size());
  if (in.size() != size || out.size() != size) {
    throw internal_error("transform of an image whose bytes do not fit its shape");
  }
}

}  // namespace

void flip_horizontal(std::span<const std::uint8_t> in, ImageShape shape, std::span<std::uint8_t> out) {
  require_size(in, shape, out);
  const auto [h, w, c] = shape;
  for (int y = 0; y < h; ++y) {
    const std::ptrdiff_t row = std::ptrdiff_t{y} * w * c;
    for (int x = 0; x < w; ++x) {
      std::copy_n(in.data() + row + (w - 1 - x) * c, c, out.data() + row + x * c);
    }
  }
}

void shift(std::span<const std::uint8_t> in, ImageShape shape, int dy, int dx, std::uint8_t fill,
           std::span<std::uint8_t> out) {
  require_size(in, shape, out);
  const auto [h, w, c] = shape;
  const std::ptrdiff_t row = std::ptrdiff_t{w} * c;
  // The columns of `out` that come from inside the image.
  const int first = std::clamp(-dx, 0, w), last = std::clamp(w - dx, first, w);
  for (int y = 0; y < h; ++y) {
    std::uint8_t* target = out.data() + y * row;
    const int source = y + dy;
    if (source < 0 || source >= h || first == last) {
      std::fill_n(target, row, fill);
      continue;
    }
    std::fill_n(target, first * c, fill);
    std::copy_n(in.data() + source * row + (first + dx) * c, (last - first) * c, target + first * c);
    std::fill_n(target + last * c, (w - last) * c, fill);
  }
}

}  // namespace ns::augment
