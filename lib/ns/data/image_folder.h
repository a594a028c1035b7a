// Images sorted into folders by class: <folder>/<class>/*.{jpg,jpeg,png}.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ns/data/dataset.h"

namespace ns::data {

/// Paths of all images of these classes, by file name whatever the class, so that any run of them is of all
/// classes. Throws Error(kInput) if a class has no folder or no images, or for a folder of another class.
std::vector<std::string> image_folder_files(const std::string& folder, std::span<const std::string> classes);

/// Gray images of one size, labelled by the name of their folder.
Dataset read_image_folder(std::span<const std::string> paths, std::span<const std::string> classes,
                          ImageShape shape);

}  // namespace ns::data
