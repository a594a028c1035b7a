#include "ns/data/detection_sets.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "ns/base/error.h"
#include "ns/base/sha256.h"
#include "ns/data/coco.h"
#include "ns/data/letterbox.h"
#include "ns/data/manifest.h"
#include "ns/data/voc.h"

namespace ns::data {
namespace {

namespace fs = std::filesystem;

struct Named {
  std::string order;  // SHA-256 of the stem
  std::string annotation, image;
};

void require_folder(const std::string& path) {
  if (!fs::is_directory(path)) throw input_error(path + ": is missing: a folder of the data set expected");
}

// Class → its images.
void collect_neu_det(const std::string& annotations, const std::string& images,
                     std::span<const std::string> classes, std::map<int, std::vector<Named>>& by_class) {
  require_folder(annotations);
  require_folder(images);
  for (const auto& entry : fs::directory_iterator(annotations)) {
    if (entry.path().extension() != ".xml") continue;
    const std::string stem = entry.path().stem().string();
    const int label = label_of(stem.substr(0, stem.rfind('_')), classes, entry.path().string());
    by_class[label].push_back({sha256_hex(stem), entry.path().string(), images + "/" + stem + ".jpg"});
  }
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw input_error(path + ": cannot be opened");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    line.erase(std::find_if(line.begin(), line.end(), [](char c) { return c == '\r' || c == ' '; }),
               line.end());
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

void append_coco(const std::string& folder, const std::string& part, AnnotatedSet& set) {
  const std::string path = folder + "/annotations/" + part + ".json";
  CocoAnnotations found = read_coco(path, folder + "/images", set.skipped);
  if (!set.classes.empty() && set.classes != found.classes) {
    throw input_error(path + ": its categories are not those of train.json");
  }
  set.classes = std::move(found.classes);
  std::ranges::move(found.images, std::back_inserter(set.images));
}

std::string files_manifest(const AnnotatedSet& set) {
  std::vector<std::string> paths;
  const std::string* last = nullptr;  // images of one annotation file follow each other
  for (const AnnotatedImage& image : set.images) {
    if (last == nullptr || *last != image.annotation_path) paths.push_back(image.annotation_path);
    last = &image.annotation_path;
    paths.push_back(image.image_path);
  }
  return manifest_sha256(paths);
}

}  // namespace

AnnotatedSet neu_det(const std::string& folder, std::span<const std::string> classes, Part part) {
  std::map<int, std::vector<Named>> by_class;
  collect_neu_det(folder + "/ANNOTATIONS", folder + "/IMAGES", classes, by_class);
  if (const std::string more = folder + "/Validation_Annotations"; fs::is_directory(more)) {
    collect_neu_det(more, folder + "/Validation_Images", classes, by_class);
  }
  std::vector<Named> train, validation, test;
  for (auto& [label, images] : by_class) {
    std::ranges::sort(images, {}, &Named::order);
    const std::size_t tested = images.size() / 5, validated = images.size() / 10;
    for (std::size_t i = 0; i < images.size(); ++i) {
      (i < tested ? test : i < tested + validated ? validation : train).push_back(std::move(images[i]));
    }
  }
  for (std::vector<Named>* images : {&train, &validation, &test}) {
    std::ranges::sort(*images, {}, &Named::order);
  }
  std::ranges::move(validation, std::back_inserter(train));
  AnnotatedSet set{{classes.begin(), classes.end()}, {}, {}};
  for (const Named& image : part == Part::kTest ? test : train) {
    set.images.push_back(read_voc(image.annotation, image.image, classes, set.skipped));
  }
  return set;
}

AnnotatedSet bccd(const std::string& folder, std::span<const std::string> classes, Part part) {
  const std::string inner = folder + "/BCCD", place = fs::is_directory(inner) ? inner : folder;
  AnnotatedSet set{{classes.begin(), classes.end()}, {}, {}};
  for (const char* list : part == Part::kTest ? std::vector{"test"} : std::vector{"train", "val"}) {
    for (const std::string& stem : lines_of(place + "/ImageSets/Main/" + list + ".txt")) {
      set.images.push_back(read_voc(place + "/Annotations/" + stem + ".xml",
                                    place + "/JPEGImages/" + stem + ".jpg", classes, set.skipped));
    }
  }
  return set;
}

AnnotatedSet coco(const std::string& folder, std::span<const std::string>, Part part) {
  AnnotatedSet set;
  if (part == Part::kTest) {
    append_coco(folder, "test", set);
    return set;
  }
  append_coco(folder, "train", set);
  if (fs::exists(folder + "/annotations/val.json")) append_coco(folder, "val", set);
  return set;
}

Dataset read_annotated(AnnotatedSet set, ImageShape shape, const Normalisation& normalisation) {
  std::erase_if(set.images, [&](const AnnotatedImage& image) {
    if (image.objects.empty()) set.skipped.add_image(image.image_path);
    return image.objects.empty();
  });
  Dataset dataset;
  dataset.classes = std::move(set.classes);
  dataset.shape = shape;
  dataset.normalisation = normalisation;
  dataset.warnings = set.skipped.sentences();
  dataset.pixels.reserve(set.images.size() * static_cast<std::size_t>(shape.size()));
  const auto fill = static_cast<std::uint8_t>(normalisation.mean_pixel);
  for (const AnnotatedImage& annotated : set.images) {
    const Image image = read_image(annotated.image_path, shape.c);
    if (image.shape.w != annotated.width || image.shape.h != annotated.height) {
      throw input_error(annotated.image_path + ": " + std::to_string(image.shape.w) + "x" +
                        std::to_string(image.shape.h) + " pixels, but " + annotated.annotation_path +
                        " says " + std::to_string(annotated.width) + "x" + std::to_string(annotated.height));
    }
    const std::vector<std::uint8_t> pixels = letterboxed(image, shape, fill);
    dataset.pixels.insert(dataset.pixels.end(), pixels.begin(), pixels.end());
    const detect::Box area = letterbox_area(image.shape, shape);
    for (detect::Truth truth : annotated.objects) {
      truth.image = static_cast<int>(dataset.labels.size());
      truth.box = in_letterbox(truth.box, area);
      dataset.truths.push_back(truth);
    }
    dataset.labels.push_back(annotated.objects.front().label);
    dataset.sources.push_back({fs::path(annotated.image_path).filename().string(), 1});
  }
  dataset.manifest_sha256 = files_manifest(set);
  return dataset;
}

}  // namespace ns::data
