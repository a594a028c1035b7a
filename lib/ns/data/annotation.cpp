#include "ns/data/annotation.h"

#include <algorithm>

#include "ns/base/error.h"
#include "ns/base/nearest.h"

namespace ns::data {

void Skipped::add_box(const std::string& place) {
  if (boxes++ == 0) first_box = place;
}

void Skipped::add_image(const std::string& place) {
  if (images++ == 0) first_image = place;
}

std::vector<std::string> Skipped::sentences() const {
  const auto count = [](int n, const std::string& what) {
    return std::to_string(n) + " " + what + (n == 1 ? "" : what.back() == 'x' ? "es" : "s");
  };
  std::vector<std::string> said;
  if (boxes > 0) {
    said.push_back(count(boxes, "box") +
                   " outside the image, inverted or of zero area skipped, first: " + first_box);
  }
  if (images > 0) {
    said.push_back(count(images, "image") + " without a box skipped, first: " + first_image);
  }
  return said;
}

void add_object(AnnotatedImage& image, int label, const detect::Box& pixels, bool difficult,
                const std::string& place, Skipped& skipped) {
  const auto w = static_cast<float>(image.width), h = static_cast<float>(image.height);
  const detect::Box box = detect::clipped({pixels.x0 / w, pixels.y0 / h, pixels.x1 / w, pixels.y1 / h});
  if (!(box.area() > 0)) {
    skipped.add_box(place);
    return;
  }
  image.objects.push_back({0, label, box, difficult});
}

int label_of(const std::string& name, std::span<const std::string> classes, const std::string& place) {
  const auto found = std::ranges::find(classes, name);
  if (found == classes.end()) {
    std::string known;
    for (const std::string& one : classes) {
      known += (known.empty() ? "" : ", ") + one;
    }
    throw input_error(place + ": unknown class \"" + name + "\", expected one of " + known,
                      nearest_hint(name, classes));
  }
  return static_cast<int>(found - classes.begin());
}

}  // namespace ns::data
