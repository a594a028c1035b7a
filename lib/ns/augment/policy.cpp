#include "ns/augment/policy.h"

#include <algorithm>

#include "ns/base/error.h"
#include "ns/base/json.h"
#include "ns/base/nearest.h"

namespace ns::augment {
namespace {

using Views = std::vector<View>;

struct Named {
  const char* name;
  std::string defaults;
};

// The lists and their default values, as text after the colon.
std::vector<Named> named_lists(ImageShape shape) {
  return {{"identity", ""},
          {"flip", ""},
          {"shifts", "1"},
          {"five_crop", "2"},
          {"ten_crop", "2"},
          {"crops", std::to_string(std::max(1, 7 * std::min(shape.h, shape.w) / 8))},
          {"scales", "0.9,1.1"},
          {"rotations", "-8,8"},
          {"brightness", "-0.1,0.1"},
          {"contrast", "0.8,1.25"}};
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find(separator, begin)) != std::string::npos; begin = end + 1) {
    words.push_back(text.substr(begin, end - begin));
  }
  words.push_back(text.substr(begin));
  return words;
}

// One whole number of pixels, 1 … limit.
int pixels(const std::vector<std::string>& values, int limit, const std::string& what,
           const std::string& place) {
  int number = 0;
  try {
    std::size_t used = 0;
    number = values.size() == 1 ? std::stoi(values[0], &used) : 0;
    if (used != values[0].size()) {
      number = 0;
    }
  } catch (const std::exception&) {
    number = 0;
  }
  if (number < 1 || number > limit) {
    throw usage_error(place + ": expected " + what + " from 1 to " + std::to_string(limit) +
                      " pixels, the images allow no more");
  }
  return number;
}

Views shifted(std::initializer_list<std::pair<int, int>> offsets) {
  Views views{View()};
  for (const auto& [dy, dx] : offsets) {
    views.push_back(View().add(shift_by(dy, dx)));
  }
  return views;
}

// Every combination, a's turn fastest.
Views product(const Views& a, const Views& b) {
  Views views;
  for (const View& outer : b) {
    for (const View& inner : a) {
      views.push_back(View(outer).add(inner));
    }
  }
  return views;
}

Views named_list(const std::string& text, ImageShape shape) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon), place = "policy " + text;
  const std::vector<Named> known = named_lists(shape);
  const auto found = std::ranges::find_if(known, [&](const Named& list) { return name == list.name; });
  if (found == known.end()) {
    throw usage_error("unknown policy '" + name + "'", nearest_hint(name, policy_names()));
  }
  if (colon != std::string::npos && found->defaults.empty()) {
    throw usage_error(place + ": " + name + " takes no values");
  }
  const std::vector<std::string> values =
      split(colon == std::string::npos ? found->defaults : text.substr(colon + 1), ',');
  const int limit = std::min(shape.h, shape.w) - 1;
  if (name == "identity") {
    return {View()};
  }
  if (name == "flip") {
    return {View(), View().add(mirror())};
  }
  if (name == "shifts") {
    const int p = pixels(values, limit, "a shift", place);
    return shifted({{-p, 0}, {p, 0}, {0, -p}, {0, p}});
  }
  if (name == "five_crop" || name == "ten_crop") {
    const int p = pixels(values, limit, "padding", place);
    const Views five = shifted({{-p, -p}, {-p, p}, {p, -p}, {p, p}});
    return name == "five_crop" ? five : product({View(), View().add(mirror())}, five);
  }
  Views views{View()};
  const auto append = [&](const std::string& view) { views.push_back(parse_view(view, shape, place)); };
  if (name == "crops") {
    const int size = pixels(values, limit + 1, "a crop", place);
    const int bottom = shape.h - size, right = shape.w - size;
    for (const auto& [top, left] :
         {std::pair(bottom / 2, right / 2), {0, 0}, {0, right}, {bottom, 0}, {bottom, right}}) {
      append("crop:" + std::to_string(size) + "," + std::to_string(top) + "," + std::to_string(left));
    }
    return views;
  }
  const std::string transform = name == "scales" ? "scale" : name == "rotations" ? "rotate" : name;
  for (const std::string& value : values) {
    append(transform + ":" + value);
  }
  return views;
}

Views read_file(const std::string& path, ImageShape shape) {
  const Json json = read_json(path, ErrorKind::kUsage);
  Fields fields(json, path, ErrorKind::kUsage);
  const auto schema = fields.get<std::string>("schema");
  if (schema != "nestkit.policy/1") {
    throw usage_error(fields.place("schema") + ": expected nestkit.policy/1, found " + schema);
  }
  Views views;
  for (const std::string& text : fields.get<std::vector<std::string>>("views")) {
    views.push_back(parse_view(text, shape, path + ": view " + std::to_string(views.size() + 1)));
  }
  fields.finish();
  if (views.empty() || !views.front().identity()) {
    throw usage_error(path + ": the first view must be identity: it is what plain evaluation sees");
  }
  return views;
}

}  // namespace

std::vector<std::string> policy_names() {
  std::vector<std::string> names;
  for (const Named& list : named_lists({})) {
    names.emplace_back(list.name);
  }
  return names;
}

std::vector<View> read_policy(const std::string& text, ImageShape shape) {
  Views views;
  if (text.ends_with(".json")) {
    views = read_file(text, shape);
  } else {
    views = {View()};
    for (const std::string& factor : split(text, '*')) {
      views = product(views, named_list(factor, shape));
    }
  }
  Views unique;
  for (View& view : views) {
    if (std::ranges::find(unique, view) == unique.end()) {
      unique.push_back(std::move(view));
    }
  }
  return unique;
}

}  // namespace ns::augment
