#include "ns/augment/view.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "ns/augment/intensity.h"
#include "ns/augment/resample.h"
#include "ns/augment/transform.h"
#include "ns/base/error.h"
#include "ns/base/nearest.h"

namespace ns::augment {
namespace {

using Kind = Transform::Kind;
using Values = std::vector<double>;

bool whole(double value) {
  return value == static_cast<double>(static_cast<long>(value));
}

struct Entry {
  const char* name;
  Kind kind;
  std::size_t values;
  const char* range;  // what `fits` asks for
  bool (*fits)(const Values&, ImageShape);
};

constexpr std::size_t kKinds = 7;

const std::array<Entry, kKinds>& entries() {
  static const std::array<Entry, kKinds> table{{
      {"flip", Kind::kFlip, 0, "no values", [](const Values&, ImageShape) { return true; }},
      {"shift", Kind::kShift, 2, "DY,DX in whole pixels, less than the image's size",
       [](const Values& v, ImageShape s) {
         return whole(v[0]) && whole(v[1]) && v[0] > -s.h && v[0] < s.h && v[1] > -s.w && v[1] < s.w;
       }},
      {"crop", Kind::kCrop, 3, "SIZE,TOP,LEFT in whole pixels: a square inside the image",
       [](const Values& v, ImageShape s) {
         return whole(v[0]) && whole(v[1]) && whole(v[2]) && v[0] >= 1 && v[1] >= 0 && v[2] >= 0 &&
                v[1] + v[0] <= s.h && v[2] + v[0] <= s.w;
       }},
      {"scale", Kind::kScale, 1, "a factor from 0.1 to 10",
       [](const Values& v, ImageShape) { return v[0] >= 0.1 && v[0] <= 10; }},
      {"rotate", Kind::kRotate, 1, "degrees from -180 to 180",
       [](const Values& v, ImageShape) { return v[0] >= -180 && v[0] <= 180; }},
      {"brightness", Kind::kBrightness, 1, "an amount from -1 to 1",
       [](const Values& v, ImageShape) { return v[0] >= -1 && v[0] <= 1; }},
      {"contrast", Kind::kContrast, 1, "a factor from 0 to 10",
       [](const Values& v, ImageShape) { return v[0] >= 0 && v[0] <= 10; }},
  }};
  return table;
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

Values parse_values(std::string_view text, const std::string& place) {
  Values values;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || !(value >= -1e6 && value <= 1e6)) {
      throw usage_error(place + ": expected a number, found '" + std::string(word) + "'");
    }
    values.push_back(value);
    if (comma == std::string_view::npos) {
      return values;
    }
    text.remove_prefix(comma + 1);
  }
}

Transform parse_transform(std::string_view text, ImageShape shape, const std::string& where) {
  const std::size_t colon = text.find(':');
  const std::string name(text.substr(0, colon));
  const std::string place = where + ": " + std::string(text);
  for (const Entry& entry : entries()) {
    if (name != entry.name) {
      continue;
    }
    Transform transform{entry.kind, {}};
    if (colon != std::string_view::npos) {
      transform.values = parse_values(text.substr(colon + 1), place);
    }
    if (transform.values.size() != entry.values || !entry.fits(transform.values, shape)) {
      throw usage_error(place + ": " + entry.name + " takes " + entry.range + "; the images are " +
                        std::to_string(shape.h) + " x " + std::to_string(shape.w));
    }
    return transform;
  }
  std::vector<std::string> known = transform_names();
  known.push_back("identity");
  throw usage_error(where + ": unknown view '" + name + "'", nearest_hint(name, known));
}

int integer(double value) {
  return static_cast<int>(value);
}

void apply_one(const Transform& transform, std::span<const std::uint8_t> in, ImageShape shape,
               std::uint8_t fill, std::span<std::uint8_t> out) {
  const Values& v = transform.values;
  switch (transform.kind) {
    case Kind::kFlip:
      return flip_horizontal(in, shape, out);
    case Kind::kShift:
      return shift(in, shape, integer(v[0]), integer(v[1]), fill, out);
    case Kind::kCrop:
      return resample(in, shape, stretch_crop(shape, integer(v[0]), integer(v[1]), integer(v[2])), fill, out);
    case Kind::kScale:
      return resample(in, shape, magnify(shape, v[0]), fill, out);
    case Kind::kRotate:
      return resample(in, shape, turn(shape, v[0]), fill, out);
    case Kind::kBrightness:
      return brighten(in, v[0], out);
    case Kind::kContrast:
      return stretch_contrast(in, v[0], fill, out);
  }
}

}  // namespace

Transform mirror() {
  return {Kind::kFlip, {}};
}

Transform shift_by(int dy, int dx) {
  return {Kind::kShift, {static_cast<double>(dy), static_cast<double>(dx)}};
}

View& View::add(Transform transform) {
  transforms_.push_back(std::move(transform));
  return *this;
}

View& View::add(const View& other) {
  transforms_.insert(transforms_.end(), other.transforms_.begin(), other.transforms_.end());
  return *this;
}

std::string View::name() const {
  if (identity()) {
    return "identity";
  }
  std::string text;
  for (const Transform& transform : transforms_) {
    text += text.empty() ? "" : "+";
    text += entries()[static_cast<std::size_t>(transform.kind)].name;
    for (std::size_t i = 0; i < transform.values.size(); ++i) {
      text += (i == 0 ? ":" : ",") + number_text(transform.values[i]);
    }
  }
  return text;
}

std::optional<Placement> View::placement() const {
  Placement place;
  bool shifted = false;
  for (const Transform& transform : transforms_) {
    if (transform.kind == Kind::kFlip && !place.flip) {
      place.flip = true;
    } else if (transform.kind == Kind::kShift && !shifted) {
      shifted = true;
      // Shifting a mirror image to the right is mirroring the image shifted to the left.
      place.dy = integer(transform.values[0]);
      place.dx = place.flip ? -integer(transform.values[1]) : integer(transform.values[1]);
    } else {
      return std::nullopt;
    }
  }
  return place;
}

void View::apply(std::span<const std::uint8_t> in, ImageShape shape, std::uint8_t fill,
                 std::span<std::uint8_t> out) const {
  if (transforms_.size() == 1) {
    return apply_one(transforms_[0], in, shape, fill, out);
  }
  std::ranges::copy(in, out.begin());
  std::vector<std::uint8_t> before;
  for (const Transform& transform : transforms_) {
    before.assign(out.begin(), out.end());
    apply_one(transform, before, shape, fill, out);
  }
}

std::vector<std::string> transform_names() {
  std::vector<std::string> names;
  for (const Entry& entry : entries()) {
    names.emplace_back(entry.name);
  }
  return names;
}

View parse_view(std::string_view text, ImageShape shape, const std::string& where) {
  View view;
  if (text == "identity") {
    return view;
  }
  while (true) {
    const std::size_t plus = text.find('+');
    view.add(parse_transform(text.substr(0, plus), shape, where));
    if (plus == std::string_view::npos) {
      return view;
    }
    text.remove_prefix(plus + 1);
  }
}

}  // namespace ns::augment
