#include "ns/augment/view.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "expect_error.h"
#include "ns/augment/policy.h"
#include "ns/augment/resample.h"
#include "ns/augment/transform.h"
#include "temp_folder.h"

using namespace ns::augment;
using ns::ImageShape;
using Bytes = std::vector<std::uint8_t>;

namespace {

constexpr ImageShape kShape{6, 5, 3};

Bytes sample_image(ImageShape shape = kShape) {
  Bytes image(static_cast<std::size_t>(shape.size()));
  unsigned state = 5;
  for (std::uint8_t& value : image)
    value = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  return image;
}

Bytes seen(const std::string& view, const Bytes& image, ImageShape shape = kShape) {
  Bytes out(image.size());
  parse_view(view, shape, "test").apply(image, shape, 7, out);
  return out;
}

std::vector<std::string> names(const std::vector<View>& views) {
  std::vector<std::string> result;
  for (const View& view : views) result.push_back(view.name());
  return result;
}

}  // namespace

TEST_CASE("A view's name reads back as the same view") {
  for (const char* text : {"identity", "flip", "shift:-2,3", "crop:4,1,0", "scale:1.1", "rotate:-8",
                           "brightness:0.25", "contrast:0.8", "shift:1,-1+flip+contrast:1.5"}) {
    const View view = parse_view(text, kShape, "test");
    CHECK(view.name() == text);
    CHECK(parse_view(view.name(), kShape, "test") == view);
  }
}

TEST_CASE("Views that do nothing are the identity") {
  const Bytes image = sample_image();
  for (const char* text :
       {"identity", "shift:0,0", "scale:1", "rotate:0", "brightness:0", "contrast:1", "flip+flip"}) {
    CAPTURE(text);
    CHECK(seen(text, image) == image);
  }
  CHECK(seen("crop:5,0,0", sample_image({5, 5, 3}), {5, 5, 3}) == sample_image({5, 5, 3}));
}

TEST_CASE("A view applies its transforms from left to right") {
  const Bytes image = sample_image();
  Bytes shifted(image.size()), both(image.size());
  shift(image, kShape, 1, 2, 7, shifted);
  flip_horizontal(shifted, kShape, both);
  CHECK(seen("shift:1,2+flip", image) == both);
  CHECK(seen("flip+shift:1,-2", image) == both);
}

TEST_CASE("A placement is the view: one shift, then one mirror image, in whatever order they were written") {
  const Bytes image = sample_image();
  for (const char* text : {"identity", "flip", "shift:2,-1", "shift:2,-1+flip", "flip+shift:2,-1"}) {
    const auto place = parse_view(text, kShape, "test").placement();
    REQUIRE(place.has_value());
    Bytes out(image.size()), mirrored(image.size());
    shift(image, kShape, place->dy, place->dx, 7, out);
    if (place->flip) {
      flip_horizontal(out, kShape, mirrored);
      out = mirrored;
    }
    CHECK(seen(text, image) == out);
  }
  for (const char* text :
       {"scale:1.1", "brightness:0.1", "shift:1,0+shift:1,0", "flip+flip", "flip+rotate:3"}) {
    CHECK_FALSE(parse_view(text, kShape, "test").placement().has_value());
  }
}

TEST_CASE("A quarter turn moves every pixel to its place, and four of them restore the image") {
  const ImageShape square{4, 4, 1};
  Bytes image(16);
  std::iota(image.begin(), image.end(), std::uint8_t{0});
  const Bytes turned = seen("rotate:90", image, square);
  for (std::size_t y = 0; y < 4; ++y) {
    for (std::size_t x = 0; x < 4; ++x) CHECK(turned[y * 4 + x] == image[x * 4 + (3 - y)]);
  }
  CHECK(seen("rotate:90+rotate:90+rotate:90+rotate:90", image, square) == image);
}

TEST_CASE("Resampling is bilinear, and what comes from outside the image is the fill") {
  const ImageShape line{1, 2, 1};
  Bytes out(2);
  resample(Bytes{10, 20}, line, {0, 1, 0, 0.25, 0, 0.5}, 99, out);
  CHECK(out == Bytes{13, 18});  // 12.5 and 17.5, halves upwards
  resample(Bytes{10, 20}, line, {0, 1, 0, -2, 0, 4}, 99, out);
  CHECK(out == Bytes{99, 99});
  const ImageShape square{8, 8, 1};
  const Bytes small = seen("scale:0.5", Bytes(64, 200), square);
  CHECK(small[0] == 7);
  CHECK(small[3 * 8 + 3] == 200);
  EXPECT_ERROR(resample(small, line, {}, 0, out), kInternal, "do not fit");
}

TEST_CASE("Brightness and contrast saturate; contrast turns about the fill") {
  const ImageShape row{1, 4, 1};
  CHECK(seen("brightness:0.2", {0, 100, 210, 255}, row) == Bytes{51, 151, 255, 255});
  CHECK(seen("brightness:-0.2", {0, 100, 210, 255}, row) == Bytes{0, 49, 159, 204});
  CHECK(seen("contrast:2", {0, 7, 10, 200}, row) == Bytes{0, 7, 13, 255});
}

TEST_CASE("Named policies begin with the identity and have the views they are called after") {
  const ImageShape shape{32, 32, 3};
  for (const std::string& name : policy_names()) {
    const auto views = read_policy(name, shape);
    CHECK(views.front().identity());
    for (std::size_t i = 0; i < views.size(); ++i)
      CHECK(std::count(views.begin(), views.end(), views[i]) == 1);
  }
  CHECK(read_policy("ten_crop", shape).size() == 10);
  CHECK(names(read_policy("five_crop:3", shape)) ==
        std::vector<std::string>{"identity", "shift:-3,-3", "shift:-3,3", "shift:3,-3", "shift:3,3"});
  CHECK(read_policy("crops", shape)[1].name() == "crop:28,2,2");
  CHECK(names(read_policy("scales:0.8", shape)) == std::vector<std::string>{"identity", "scale:0.8"});
}

TEST_CASE("A product has every combination, the first list's turn fastest") {
  CHECK(names(read_policy("flip*contrast:2", kShape)) ==
        std::vector<std::string>{"identity", "flip", "contrast:2", "contrast:2+flip"});
  CHECK(names(read_policy("ten_crop", kShape)) == names(read_policy("flip*five_crop", kShape)));
}

TEST_CASE("A policy file is a list of views that begins with the identity") {
  const TempFolder folder;
  const std::string path = folder.file("policy.json");
  const auto read = [&](const std::string& text) {
    write_text(path, text);
    return names(read_policy(path, kShape));
  };
  CHECK(read(R"({"schema":"nestkit.policy/1","views":["identity","flip","identity"]})") ==
        std::vector<std::string>{"identity", "flip"});
  EXPECT_ERROR(read(R"({"schema":"nestkit.policy/1","views":["flip"]})"), kUsage,
               "first view must be identity");
  EXPECT_ERROR(read(R"({"schema":"nestkit.policy/1","views":["identity","flop"]})"), kUsage,
               "view 2: unknown view");
  EXPECT_ERROR(read(R"({"schema":"nestkit.policy/2","views":[]})"), kUsage, "nestkit.policy/1");
  EXPECT_ERROR(read(R"({"schema":"nestkit.policy/1","views":["identity"],"order":1})"), kUsage, "order");
  EXPECT_ERROR(read_policy(folder.file("none.json"), kShape), kInput, "none.json");
}

TEST_CASE("Views and policies that do not exist or do not fit the image are refused") {
  const auto parse = [](const std::string& text) { parse_view(text, kShape, "here"); };
  for (const char* text :
       {"flop", "flip:1", "shift:1", "shift:6,0", "shift:0.5,0", "shift:1,x", "crop:7,0,0", "crop:3,4,0",
        "scale:0", "rotate:200", "brightness:2", "contrast:-1", "", "flip+", "scale:nan"}) {
    CAPTURE(text);
    EXPECT_ERROR(parse(text), kUsage, "here: ");
  }
  EXPECT_ERROR(read_policy("crops:40", {32, 32, 3}), kUsage, "a crop from 1 to 32 pixels");
  EXPECT_ERROR(read_policy("five_crop:x", kShape), kUsage, "padding");
  EXPECT_ERROR(read_policy("flip:2", kShape), kUsage, "takes no values");
  try {
    read_policy("ten_corp", kShape);
    FAIL("accepted");
  } catch (const ns::Error& error) {
    CHECK(error.hint() == "did you mean \"ten_crop\"?");
  }
}
