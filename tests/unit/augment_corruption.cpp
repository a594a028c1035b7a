#include "ns/augment/corruption.h"

#include <doctest/doctest.h>

#include <cmath>

#include "expect_error.h"
#include "ns/augment/jpeg.h"
#include "ns/data/corrupt.h"
#include "ns/data/in_views.h"

using namespace ns::augment;
using Bytes = std::vector<std::uint8_t>;

namespace {

// Smooth, so that every corruption has something to spoil and severities can be told apart.
ns::data::Dataset smooth_images(int channels) {
  ns::data::Dataset dataset;
  dataset.shape = {16, 16, channels};
  dataset.normalisation = {100, 1.0f};
  for (int image = 0; image < 6; ++image) {
    for (int y = 0; y < 16; ++y) {
      for (int x = 0; x < 16; ++x) {
        for (int k = 0; k < channels; ++k)
          dataset.pixels.push_back(
              static_cast<std::uint8_t>(128 + 60 * std::sin(0.9 * x + image) * std::cos(0.7 * y + k)));
      }
    }
    dataset.labels.push_back(0);
  }
  return dataset;
}

double distance(const Bytes& a, const Bytes& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

}  // namespace

TEST_CASE("Corruptions depend on seed and image number alone, and spoil more the severer they are") {
  for (const int channels : {1, 3}) {
    const ns::data::Dataset clean = smooth_images(channels);
    for (const std::string& name : corruption_names()) {
      if (name == "jpeg" && !jpeg_available()) continue;
      CAPTURE(name);
      double before = 0.05;
      for (int severity = 1; severity <= 5; severity += 2) {
        const Corruption corruption = parse_corruption(name + ":" + std::to_string(severity));
        CHECK(corruption.name() == name);
        const auto spoilt = corrupted(clean, corruption, 3);
        CHECK(spoilt.pixels == corrupted(clean, corruption, 3).pixels);
        CHECK(distance(spoilt.pixels, clean.pixels) > before);
        if (name != "shift") before = distance(spoilt.pixels, clean.pixels);
        Bytes alone(static_cast<std::size_t>(clean.shape.size()));
        corruption.apply(clean.image(4), clean.shape, 100, 3, 4, alone);
        CHECK(std::equal(alone.begin(), alone.end(), spoilt.image(4).begin()));
      }
    }
  }
}

TEST_CASE("Noise of another seed or another image is other noise") {
  const Bytes grey(300, 128);
  Bytes a(300), b(300), c(300);
  const Corruption noise = parse_corruption("gaussian_noise:3");
  noise.apply(grey, {10, 10, 3}, 0, 1, 0, a);
  noise.apply(grey, {10, 10, 3}, 0, 2, 0, b);
  noise.apply(grey, {10, 10, 3}, 0, 1, 1, c);
  CHECK(a != b);
  CHECK(a != c);
  double squares = 0;
  for (const std::uint8_t value : a) squares += std::pow(value - 128.0, 2);
  CHECK(std::sqrt(squares / 300) == doctest::Approx(0.06 * 255).epsilon(0.15));
}

TEST_CASE("Corruptions in turn leave every last image of a turn as it is") {
  const ns::data::Dataset clean = smooth_images(1);
  const std::vector<Corruption> two{parse_corruption("gaussian_noise:3"), parse_corruption("rotation:2")};
  const auto spoilt = corrupted_in_turn(clean, two, 9);
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const auto expected = i % 3 == 2 ? clean : corrupted(clean, two[i % 3], 9);
    CHECK(std::equal(spoilt.image(i).begin(), spoilt.image(i).end(), expected.image(i).begin()));
  }
  CHECK(corrupted_in_turn(clean, {}, 9).pixels == clean.pixels);
}

TEST_CASE("A data set in views has every image in each, view after view") {
  const ns::data::Dataset images = smooth_images(1);
  const std::vector<View> views{View(), View().add(mirror())};
  const ns::data::Dataset both = ns::data::in_views(images, views);
  REQUIRE(both.size() == 2 * images.size());
  Bytes flipped(images.image(0).size());
  for (std::size_t i = 0; i < images.size(); ++i) {
    CHECK(both.labels[images.size() + i] == images.labels[i]);
    CHECK(std::ranges::equal(both.image(i), images.image(i)));
    views[1].apply(images.image(i), images.shape, 0, flipped);
    CHECK(std::ranges::equal(both.image(images.size() + i), flipped));
  }
}

TEST_CASE("Unknown corruptions and severities are refused") {
  for (const char* text : {"blur", "blur:0", "blur:6", "blur:33", "blur:", "fog:3"}) {
    EXPECT_ERROR(parse_corruption(text), kUsage, "corruption");
  }
  try {
    parse_corruption("gausian_noise:3");
    FAIL("accepted");
  } catch (const ns::Error& error) {
    CHECK(error.hint() == "did you mean \"gaussian_noise\"?");
  }
}
