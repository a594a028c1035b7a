#include "ns/augment/transform.h"

#include <doctest/doctest.h>

#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "expect_error.h"
#include "ns/augment/random_augment.h"

using namespace ns::augment;
using ns::ImageShape;
using Bytes = std::vector<std::uint8_t>;

namespace {

Bytes counting(ImageShape shape) {
  Bytes image(static_cast<std::size_t>(shape.size()));
  std::iota(image.begin(), image.end(), std::uint8_t{1});
  return image;
}

std::string text(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

// The definition, one pixel at a time.
Bytes shifted(const Bytes& in, ImageShape s, int dy, int dx, std::uint8_t fill) {
  Bytes out(in.size());
  for (int y = 0; y < s.h; ++y) {
    for (int x = 0; x < s.w; ++x) {
      for (int k = 0; k < s.c; ++k) {
        const int v = y + dy, u = x + dx;
        const bool inside = v >= 0 && v < s.h && u >= 0 && u < s.w;
        out[static_cast<std::size_t>((y * s.w + x) * s.c + k)] =
            inside ? in[static_cast<std::size_t>((v * s.w + u) * s.c + k)] : fill;
      }
    }
  }
  return out;
}

}  // namespace

TEST_CASE("flip_horizontal mirrors the columns and keeps each pixel's channels in order") {
  Bytes out(12);
  flip_horizontal(Bytes{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {2, 3, 2}, out);
  CHECK(out == Bytes{5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8});
  EXPECT_ERROR(flip_horizontal(out, {2, 3, 1}, out), kInternal, "do not fit");
}

TEST_CASE("shift follows its definition for every offset, also beyond the image") {
  for (const ImageShape shape : {ImageShape{3, 4, 2}, ImageShape{1, 1, 1}, ImageShape{4, 3, 3}}) {
    const Bytes in = counting(shape);
    Bytes out(in.size());
    for (int dy = -6; dy <= 6; ++dy) {
      for (int dx = -6; dx <= 6; ++dx) {
        shift(in, shape, dy, dx, 99, out);
        CHECK(out == shifted(in, shape, dy, dx, 99));
      }
    }
  }
}

TEST_CASE("RandomAugment draws every crop and mirror image about equally often and nothing else") {
  const ImageShape shape{3, 3, 1};
  const Bytes in = counting(shape);
  std::map<std::string, int> expected;
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      const Bytes crop = shifted(in, shape, dy, dx, 99);
      Bytes mirrored(crop.size());
      flip_horizontal(crop, shape, mirrored);
      expected[text(crop)] = expected[text(mirrored)] = 0;
    }
  }
  REQUIRE(expected.size() == 18);
  ns::Rng rng(6);
  Bytes out(in.size());
  for (int i = 0; i < 18000; ++i) {
    RandomAugment{.crop_padding = 1, .horizontal_flip = true}.draw(rng).apply(in, shape, 99, out);
    REQUIRE(expected.contains(text(out)));
    ++expected[text(out)];
  }
  for (const auto& [image, count] : expected) {
    CHECK(std::abs(count - 1000) < 160);
  }
}

TEST_CASE("RandomAugment without options is the identity and takes as many draws as with them") {
  const ImageShape shape{2, 2, 3};
  const Bytes in = counting(shape);
  Bytes out(in.size());
  ns::Rng plain(1), flipping(1);
  RandomAugment{}.draw(plain).apply(in, shape, 0, out);
  CHECK(out == in);
  RandomAugment{.horizontal_flip = true}.draw(flipping);
  CHECK(plain.state() == flipping.state());
}
