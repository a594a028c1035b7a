#include "ns/data/letterbox.h"

#include <algorithm>
#include <cmath>

#include "ns/base/error.h"

namespace ns::data {
namespace {

struct Placement {
  int top, left, h, w;  // pixels of the letterbox
};

Placement placement(ImageShape image, ImageShape letterbox) {
  const double scale =
      std::min(static_cast<double>(letterbox.h) / image.h, static_cast<double>(letterbox.w) / image.w);
  const int h = std::clamp(static_cast<int>(std::lround(scale * image.h)), 1, letterbox.h);
  const int w = std::clamp(static_cast<int>(std::lround(scale * image.w)), 1, letterbox.w);
  return {(letterbox.h - h) / 2, (letterbox.w - w) / 2, h, w};
}

struct Share {
  int source;
  double weight;
};

// Which source pixels make each of `to` pixels along one axis. Weights sum up to 1.
std::vector<std::vector<Share>> shares(int from, int to) {
  std::vector<std::vector<Share>> all(static_cast<std::size_t>(to));
  const double step = static_cast<double>(from) / to;
  // Enlarging, a pixel that covers less than one source pixel looks at one of source size instead: bilinear.
  const double width = std::max(step, 1.0);
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * step, begin = centre - width / 2, end = centre + width / 2;
    for (int s = static_cast<int>(std::floor(begin)); s < end; ++s) {
      const double covered = std::min(end, s + 1.0) - std::max(begin, static_cast<double>(s));
      if (covered > 0) {
        all[static_cast<std::size_t>(i)].push_back({std::clamp(s, 0, from - 1), covered / width});
      }
    }
  }
  return all;
}

}  // namespace

detect::Box letterbox_area(ImageShape image, ImageShape letterbox) {
  const Placement at = placement(image, letterbox);
  const auto h = static_cast<float>(letterbox.h), w = static_cast<float>(letterbox.w);
  return {static_cast<float>(at.left) / w, static_cast<float>(at.top) / h,
          static_cast<float>(at.left + at.w) / w, static_cast<float>(at.top + at.h) / h};
}

std::vector<std::uint8_t> letterboxed(const Image& image, ImageShape letterbox, std::uint8_t fill) {
  const ImageShape from = image.shape;
  if (from.c != letterbox.c) {
    throw internal_error("a letterbox of other channels than its image");
  }
  const Placement at = placement(from, letterbox);
  const auto rows = shares(from.h, at.h), columns = shares(from.w, at.w);
  std::vector<std::uint8_t> out(static_cast<std::size_t>(letterbox.size()), fill);
  const auto source_row = static_cast<std::size_t>(from.w) * static_cast<std::size_t>(from.c);
  std::vector<double> line(source_row);
  for (std::size_t y = 0; y < rows.size(); ++y) {
    std::ranges::fill(line, 0.0);
    for (const Share& row : rows[y]) {
      const std::uint8_t* pixels = image.pixels.data() + static_cast<std::size_t>(row.source) * source_row;
      for (std::size_t k = 0; k < source_row; ++k) line[k] += row.weight * pixels[k];
    }
    std::uint8_t* target =
        out.data() +
        ((std::ptrdiff_t{at.top} + static_cast<std::ptrdiff_t>(y)) * letterbox.w + at.left) * letterbox.c;
    for (const std::vector<Share>& column : columns) {
      for (int c = 0; c < from.c; ++c) {
        double sum = 0;
        for (const Share& share : column)
          sum += share.weight * line[static_cast<std::size_t>(share.source * from.c + c)];
        *target++ = static_cast<std::uint8_t>(std::clamp(sum + 0.5, 0.0, 255.0));
      }
    }
  }
  return out;
}

detect::Box in_letterbox(const detect::Box& box, const detect::Box& area) {
  return {area.x0 + box.x0 * area.width(), area.y0 + box.y0 * area.height(), area.x0 + box.x1 * area.width(),
          area.y0 + box.y1 * area.height()};
}

}  // namespace ns::data
