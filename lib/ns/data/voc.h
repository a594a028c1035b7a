// Annotations of Pascal VOC: one XML file per image.
#pragma once

#include <span>
#include <string>

#include "ns/data/annotation.h"

namespace ns::data {

/// Reads annotation/{size/{width,height}, object/{name, difficult?, bndbox/{xmin,ymin,xmax,ymax}}}. Corners
/// are taken as they are: x / width, y / height. `image_path` is the image that it is about; what the XML
/// says of its path is not read. Throws Error(kInput) naming file, object and element: no XML, no annotation,
/// a missing or unreadable number, an unknown class; Error(kUsage) in a build without an XML parser.
AnnotatedImage read_voc(const std::string& path, const std::string& image_path,
                        std::span<const std::string> classes, Skipped& skipped);

}  // namespace ns::data
