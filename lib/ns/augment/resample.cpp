#include "ns/augment/resample.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ns/base/error.h"

namespace ns::augment {
namespace {

// Linear about the image's centre: source − centre = matrix · (output − centre).
SourceMap about_centre(ImageShape shape, double yy, double yx, double xy, double xx) {
  const double cy = (shape.h - 1) / 2.0, cx = (shape.w - 1) / 2.0;
  return {cy - yy * cy - yx * cx, yy, yx, cx - xy * cy - xx * cx, xy, xx};
}

struct Tap {
  int low, high;    // neighbouring rows or columns
  double fraction;  // of the higher one
};

// False outside the image's area, which reaches half a pixel beyond the outermost centres.
bool tap(double position, int extent, Tap& result) {
  if (position < -0.5 || position > extent - 0.5) {
    return false;
  }
  const double inside = std::clamp(position, 0.0, extent - 1.0);
  const int low = static_cast<int>(inside);
  result = {low, std::min(low + 1, extent - 1), inside - low};
  return true;
}

}  // namespace

SourceMap magnify(ImageShape shape, double factor) {
  return about_centre(shape, 1 / factor, 0, 0, 1 / factor);
}

SourceMap turn(ImageShape shape, double degrees) {
  const double radians = degrees * std::numbers::pi / 180.0;
  const double cosine = std::cos(radians), sine = std::sin(radians);
  return about_centre(shape, cosine, sine, -sine, cosine);
}

SourceMap stretch_crop(ImageShape shape, int size, int top, int left) {
  const double yy = static_cast<double>(size) / shape.h, xx = static_cast<double>(size) / shape.w;
  return {top + (yy - 1) / 2, yy, 0, left + (xx - 1) / 2, 0, xx};
}

void resample(std::span<const std::uint8_t> in, ImageShape shape, const SourceMap& map, std::uint8_t fill,
              std::span<std::uint8_t> out) {
  const auto size = static_cast<std::size_t>(shape.size());
  if (in.size() != size || out.size() != size) {
    throw internal_error("resampling of an image whose bytes do not fit its shape");
  }
  const auto [h, w, c] = shape;
  const auto pixel = [&](int y, int x) { return in.data() + (std::ptrdiff_t{y} * w + x) * c; };
  std::uint8_t* target = out.data();
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x, target += c) {
      Tap row{}, column{};
      if (!tap(map.y0 + map.yy * y + map.yx * x, h, row) ||
          !tap(map.x0 + map.xy * y + map.xx * x, w, column)) {
        std::fill_n(target, c, fill);
        continue;
      }
      for (int k = 0; k < c; ++k) {
        const auto along = [&](int line) {
          return (1 - column.fraction) * pixel(line, column.low)[k] +
                 column.fraction * pixel(line, column.high)[k];
        };
        const double value = (1 - row.fraction) * along(row.low) + row.fraction * along(row.high);
        target[k] = static_cast<std::uint8_t>(value + 0.5);
      }
    }
  }
}

}  // namespace ns::augment
