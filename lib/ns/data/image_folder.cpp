#include "ns/data/image_folder.h"

#include <algorithm>
#include <filesystem>

#include "ns/base/error.h"
#include "ns/data/image_file.h"

namespace ns::data {
namespace {

namespace fs = std::filesystem;

bool is_image(const fs::path& path) {
  const std::string ending = path.extension().string();
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

}  // namespace

std::vector<std::string> image_folder_files(const std::string& folder, std::span<const std::string> classes) {
  if (!fs::is_directory(folder)) throw input_error(folder + ": is not a folder of images by class");
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && std::ranges::find(classes, name) == classes.end())
      throw input_error(entry.path().string() + ": a folder of no known class");
  }
  std::vector<std::string> paths;
  for (const std::string& name : classes) {
    const std::string place = folder + "/" + name;
    const std::size_t before = paths.size();
    if (!fs::is_directory(place)) throw input_error(place + ": is missing: one folder per class expected");
    for (const auto& entry : fs::directory_iterator(place)) {
      if (is_image(entry.path())) paths.push_back(entry.path().string());
    }
    if (paths.size() == before) throw input_error(place + ": has no images");
  }
  std::ranges::sort(paths, {}, [](const std::string& path) {
    const fs::path whole(path);
    return std::pair(whole.filename().string(), whole.parent_path().filename().string());
  });
  return paths;
}

Dataset read_image_folder(std::span<const std::string> paths, std::span<const std::string> classes,
                          ImageShape shape) {
  Dataset dataset;
  dataset.shape = shape;
  for (const std::string& path : paths) {
    const std::vector<std::uint8_t> image = read_gray_image(path, shape);
    dataset.pixels.insert(dataset.pixels.end(), image.begin(), image.end());
    const fs::path whole(path);
    const auto label = std::ranges::find(classes, whole.parent_path().filename().string());
    if (label == classes.end()) throw internal_error(path + ": lies in no class's folder");
    dataset.labels.push_back(static_cast<std::int32_t>(label - classes.begin()));
    dataset.sources.push_back({whole.filename().string(), 1});
  }
  return dataset;
}

}  // namespace ns::data
