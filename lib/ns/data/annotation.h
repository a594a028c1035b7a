// What an annotation file says about one image, before the image itself is read.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ns/detect/box.h"

namespace ns::data {

struct AnnotatedImage {
  std::string annotation_path, image_path;
  int width = 0, height = 0;           ///< in pixels, as the annotation says
  std::vector<detect::Truth> objects;  ///< clipped to the image; their `image` is 0
};

/// What was skipped, because a user would expect that: counted, and named once.
struct Skipped {
  int boxes = 0;   ///< outside their image, inverted or of zero area
  int images = 0;  ///< without a box
  std::string first_box, first_image;

  void add_box(const std::string& place);
  void add_image(const std::string& place);
  /// Sentences for Dataset::warnings.
  std::vector<std::string> sentences() const;
};

/// Adds the object with these corners in pixels, clipped to the image, or counts it as skipped if nothing is
/// left of it.
void add_object(AnnotatedImage& image, int label, const detect::Box& pixels, bool difficult,
                const std::string& place, Skipped& skipped);

/// Place of `name` among the classes. Throws Error(kInput) opening with `place` and naming the nearest class.
int label_of(const std::string& name, std::span<const std::string> classes, const std::string& place);

}  // namespace ns::data
