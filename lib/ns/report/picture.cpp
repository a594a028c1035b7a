#include "ns/report/picture.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "ns/base/error.h"
#ifdef NESTKIT_PNG
#include <png.h>
#endif

namespace ns::report {
namespace {

// 3x5 digits, row by row from the top, the leftmost pixel the highest bit.
constexpr std::uint16_t kDigits[] = {
    0b111101101101111, 0b010110010010111, 0b111001111100111, 0b111001111001111, 0b101101111001001,
    0b111100111001111, 0b111100111101111, 0b111001001001001, 0b111101111101111, 0b111101111001111};
constexpr int kUnit = 2;  // a digit's pixel
constexpr Colour kBlack{0, 0, 0}, kWhite{255, 255, 255};

// By the luma of ITU-R BT.601.
bool is_dark(const Colour& colour) {
  return 299 * colour[0] + 587 * colour[1] + 114 * colour[2] < 128 * 1000;
}

}  // namespace

Picture::Picture(std::span<const std::uint8_t> pixels, const ImageShape& shape, int least_extent)
    : factor_((least_extent + std::max(shape.h, shape.w) - 1) / std::max(shape.h, shape.w)),
      h_(shape.h * factor_),
      w_(shape.w * factor_),
      rgb_(static_cast<std::size_t>(h_) * static_cast<std::size_t>(w_) * 3) {
  for (int y = 0; y < h_; ++y) {
    for (int x = 0; x < w_; ++x) {
      const std::uint8_t* from =
          &pixels[static_cast<std::size_t>((y / factor_ * shape.w + x / factor_) * shape.c)];
      set(x, y, shape.c == 3 ? Colour{from[0], from[1], from[2]} : Colour{from[0], from[0], from[0]});
    }
  }
}

void Picture::outline(const detect::Box& box, int thick, const Colour& colour, const Colour& inside) {
  const auto place = [](float fraction, int extent) {
    return static_cast<int>(std::lround(fraction * static_cast<float>(extent - 1)));
  };
  const int x0 = place(box.x0, w_), x1 = place(box.x1, w_), y0 = place(box.y0, h_), y1 = place(box.y1, h_);
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      const int depth = std::min({x - x0, x1 - x, y - y0, y1 - y});
      if (depth <= thick) set(x, y, depth < thick ? colour : inside);
    }
  }
}

void Picture::number(const detect::Box& box, int value, const Colour& field) {
  const std::string digits = std::to_string(value);
  const int width = (4 * static_cast<int>(digits.size()) + 1) * kUnit, height = 7 * kUnit;
  const int left = std::min(static_cast<int>(box.x0 * static_cast<float>(w_)), w_ - width);
  const int upper_edge = static_cast<int>(box.y0 * static_cast<float>(h_));
  const int top = upper_edge < height ? upper_edge : upper_edge - height;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) set(left + x, top + y, field);
  const Colour& ink = is_dark(field) ? kWhite : kBlack;
  for (int i = 0; i < static_cast<int>(digits.size()); ++i) {
    for (int bit = 0; bit < 15; ++bit) {
      if ((kDigits[digits[static_cast<std::size_t>(i)] - '0'] >> (14 - bit) & 1) == 0) continue;
      const int column = (4 * i + 1 + bit % 3) * kUnit, row = (1 + bit / 3) * kUnit;
      for (int at = 0; at < kUnit * kUnit; ++at) set(left + column + at % kUnit, top + row + at / kUnit, ink);
    }
  }
}

void Picture::set(int x, int y, const Colour& colour) {
  if (x < 0 || y < 0 || x >= w_ || y >= h_) return;
  std::copy(colour.begin(), colour.end(), rgb_.begin() + (std::ptrdiff_t{y} * w_ + x) * 3);
}

#ifdef NESTKIT_PNG
std::vector<std::uint8_t> Picture::png() const {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(w_);
  image.height = static_cast<png_uint_32>(h_);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::uint8_t> file(bytes);
  if (png_image_write_to_memory(&image, file.data(), &bytes, 0, rgb_.data(), 0, nullptr) == 0)
    throw internal_error(std::string("libpng: ") + image.message);
  file.resize(bytes);
  return file;
}
#else
std::vector<std::uint8_t> Picture::png() const {
  throw usage_error("this build cannot write PNG files", "install libpng-dev and build again");
}
#endif

}  // namespace ns::report
