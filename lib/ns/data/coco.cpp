#include "ns/data/coco.h"

#include <filesystem>
#include <map>

#include "ns/base/json.h"

namespace ns::data {
namespace {

// Calls visit(fields, place) for every entry of the array `key`.
template <class Visit>
void each_entry(const Json& document, const std::string& path, const char* key, const Visit& visit) {
  Fields top(document, path);
  const auto entries = top.get<std::vector<Json>>(key);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string place = path + ": " + key + "[" + std::to_string(i) + "]";
    Fields fields(entries[i], place);
    visit(fields, place);
  }
}

template <class T>
void add_by_id(std::map<std::int64_t, T>& entries, Fields& fields, const std::string& place, T value) {
  const auto id = fields.get<std::int64_t>("id");
  if (!entries.emplace(id, std::move(value)).second) {
    throw input_error(place + ": id " + std::to_string(id) + " is taken");
  }
}

template <class T>
T& by_id(std::map<std::int64_t, T>& entries, Fields& fields, const char* key) {
  const auto id = fields.get<std::int64_t>(key);
  const auto found = entries.find(id);
  if (found == entries.end()) {
    throw input_error(fields.place(key) + ": there is no id " + std::to_string(id));
  }
  return found->second;
}

AnnotatedImage image_of(Fields& fields, const std::string& place, const std::string& path,
                        const std::string& folder) {
  const std::filesystem::path name = fields.get<std::string>("file_name");
  const std::string first = name.lexically_normal().begin() == name.lexically_normal().end()
                                ? ".."
                                : name.lexically_normal().begin()->string();
  if (name.is_absolute() || first == "..") {
    throw input_error(place + ": file_name \"" + name.string() + "\" leads out of the folder of images");
  }
  AnnotatedImage image{path, folder + "/" + name.string(), 0, 0, {}};
  image.width = fields.get<int>("width");
  image.height = fields.get<int>("height");
  if (image.width < 1 || image.height < 1 || image.width > 65535 || image.height > 65535) {
    throw input_error(place + ": expected 1 to 65535 pixels of width and height, found " +
                      std::to_string(image.width) + " and " + std::to_string(image.height));
  }
  return image;
}

}  // namespace

CocoAnnotations read_coco(const std::string& path, const std::string& image_folder, Skipped& skipped) {
  const Json document = read_json(path);
  std::map<std::int64_t, AnnotatedImage> images;
  std::map<std::int64_t, std::string> categories;
  each_entry(document, path, "images", [&](Fields& fields, const std::string& place) {
    add_by_id(images, fields, place, image_of(fields, place, path, image_folder));
  });
  each_entry(document, path, "categories", [&](Fields& fields, const std::string& place) {
    add_by_id(categories, fields, place, fields.get<std::string>("name"));
  });
  if (categories.empty()) {
    throw input_error(path + ": has no categories");
  }
  CocoAnnotations result;
  std::map<std::int64_t, int> labels;
  for (const auto& [id, name] : categories) {
    labels[id] = static_cast<int>(result.classes.size());
    result.classes.push_back(name);
  }
  each_entry(document, path, "annotations", [&](Fields& fields, const std::string& place) {
    AnnotatedImage& image = by_id(images, fields, "image_id");
    const int label = by_id(labels, fields, "category_id");
    const auto box = fields.get<std::vector<float>>("bbox");
    if (box.size() != 4) {
      throw input_error(fields.place("bbox") + ": expected x, y, width and height, found " +
                        std::to_string(box.size()) + " numbers");
    }
    const bool crowd = fields.get<int>("iscrowd", 0) != 0;
    add_object(image, label, {box[0], box[1], box[0] + box[2], box[1] + box[3]}, crowd, place, skipped);
  });
  for (auto& [id, image] : images) {
    result.images.push_back(std::move(image));
  }
  return result;
}

}  // namespace ns::data
