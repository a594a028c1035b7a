// Annotations of COCO: one JSON file for all images.
#pragma once

#include <string>
#include <vector>

#include "ns/data/annotation.h"

namespace ns::data {

struct CocoAnnotations {
  std::vector<std::string> classes;    ///< the categories' names by rising id
  std::vector<AnnotatedImage> images;  ///< by rising id, also those without objects
};

/// Reads images (id, file_name, width, height), categories (id, name) and annotations (image_id, category_id,
/// bbox [x, y, width, height], iscrowd, which makes an object difficult); other keys are passed over.
/// `image_folder` is where the images lie. Throws Error(kInput) naming file and entry: no JSON, missing or
/// mistyped keys, no category, an id that is taken or that nobody has, a file name that leads out of the
/// folder.
CocoAnnotations read_coco(const std::string& path, const std::string& image_folder, Skipped& skipped);

}  // namespace ns::data
