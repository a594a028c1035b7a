#include "ns/data/catalog.h"

#include <filesystem>
#include <functional>
#include <map>

#include "ns/base/error.h"
#include "ns/base/nearest.h"
#include "ns/data/cifar.h"
#include "ns/data/detection_sets.h"
#include "ns/data/fsdd.h"
#include "ns/data/idx.h"
#include "ns/data/image_folder.h"
#include "ns/data/manifest.h"

namespace ns::data {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<std::string>;

struct Entry {
  std::vector<std::string> classes;
  Normalisation normalisation;
  std::string source;   // where to get it: the hint when its folder is missing
  Paths usual_folders;  // tried in turn when no folder is given; data/ is where scripts/get_data puts things
  std::function<Paths(const std::string& folder, const std::vector<std::string>& classes, Part part)> files;
  Dataset (*read)(const Paths& files, const std::vector<std::string>& classes);
  // Of a detection set, instead of the two above: what is annotated, and what its images are letterboxed to
  // when nobody says.
  AnnotatedSet (*annotated)(const std::string& folder, std::span<const std::string> classes,
                            Part part) = nullptr;
  ImageShape shape{};
};

// The uncompressed file, if there is only that; otherwise the .gz, which is also the one to miss.
std::string with_or_without_gz(const std::string& path) {
  return fs::exists(path) && !fs::exists(path + ".gz") ? path : path + ".gz";
}

Paths mnist_files(const std::string& folder, const std::vector<std::string>&, Part part) {
  const std::string prefix = folder + (part == Part::kTrain ? "/train-" : "/t10k-");
  return {with_or_without_gz(prefix + "images-idx3-ubyte"), with_or_without_gz(prefix + "labels-idx1-ubyte")};
}

Dataset read_mnist(const Paths& files, const std::vector<std::string>& classes) {
  IdxArray images = read_idx(files[0], 3);
  const IdxArray labels = read_idx(files[1], 1);
  if (images.extents[0] != labels.extents[0]) {
    throw input_error(files[1] + ": holds " + std::to_string(labels.extents[0]) + " labels for the " +
                      std::to_string(images.extents[0]) + " images of " + files[0]);
  }
  constexpr std::size_t kMaxSide = 1 << 15;
  if (images.extents[1] > kMaxSide || images.extents[2] > kMaxSide) {
    throw input_error(files[0] + ": images of " + std::to_string(images.extents[1]) + " x " +
                      std::to_string(images.extents[2]) + " pixels are too large");
  }
  Dataset dataset;
  dataset.shape = {static_cast<int>(images.extents[1]), static_cast<int>(images.extents[2]), 1};
  dataset.pixels = std::move(images.bytes);
  for (std::size_t i = 0; i < labels.bytes.size(); ++i) {
    if (labels.bytes[i] >= classes.size()) {
      throw input_error(files[1] + ": label " + std::to_string(labels.bytes[i]) + " of image " +
                        std::to_string(i) + " is not below " + std::to_string(classes.size()));
    }
  }
  dataset.labels.assign(labels.bytes.begin(), labels.bytes.end());
  const fs::path name = fs::path(files[0]).filename();
  dataset.sources = {{(name.extension() == ".gz" ? name.stem() : name).string(), dataset.labels.size()}};
  return dataset;
}

Paths cifar_files(const std::string& folder, const std::vector<std::string>&, Part part) {
  if (part == Part::kTest) {
    return {folder + "/test_batch.bin"};
  }
  Paths paths;
  for (int i = 1; i <= 5; ++i) {
    paths.push_back(folder + "/data_batch_" + std::to_string(i) + ".bin");
  }
  return paths;
}

// The official validation images come last: hold_out_last takes them.
Paths fer2013_files(const std::string& folder, const std::vector<std::string>& classes, Part part) {
  if (part == Part::kTest) return image_folder_files(folder + "/test", classes);
  Paths paths = image_folder_files(folder + "/train", classes);
  const std::string validation = folder + (fs::is_directory(folder + "/val") ? "/val" : "/validation");
  for (std::string& path : image_folder_files(validation, classes)) paths.push_back(std::move(path));
  return paths;
}

Dataset read_fer2013(const Paths& files, const std::vector<std::string>& classes) {
  return read_image_folder(files, classes, {48, 48, 1});
}

Entry fsdd_entry(const std::string& test_speaker) {
  return {{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"},
          {66, 1.0f / 82.0f},
          "it is the folder of github.com/Jakobovski/free-spoken-digit-dataset",
          {"data/fsdd"},
          [test_speaker](const std::string& folder, const std::vector<std::string>&, Part part) {
            return fsdd_files(folder, part, test_speaker);
          },
          [](const Paths& files, const std::vector<std::string>&) { return read_fsdd(files); }};
}

Entry detection_entry(std::vector<std::string> classes, Normalisation normalisation,
                      const std::string& source, const std::string& folder,
                      decltype(Entry::annotated) annotated, int channels) {
  return {std::move(classes), normalisation,       source, {"data/" + folder}, nullptr, nullptr,
          annotated,          {160, 160, channels}};
}

std::map<std::string, Entry> make_catalog() {
  // Mean and 1/scale are the training pixels' mean and standard deviation, rounded (the mean must be an
  // integer).
  std::map<std::string, Entry> entries{
      {"fashion_mnist",
       {{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
         "Ankle boot"},
        {73, 1.0f / 90.0f},
        "Debian's package dataset-fashion-mnist installs it in /usr/share/datasets/fashion-mnist",
        {"data/fashion-mnist", "/usr/share/datasets/fashion-mnist"},
        mnist_files,
        read_mnist}},
      {"cifar10",
       {{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
        {121, 1.0f / 64.0f},
        "it is the folder cifar-10-batches-bin of cifar-10-binary.tar.gz, "
        "www.cs.toronto.edu/~kriz/cifar.html",
        {"data/cifar-10-batches-bin"},
        cifar_files,
        [](const Paths& files, const std::vector<std::string>&) { return read_cifar10(files); }}},
      {"fer2013",
       {{"angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"},
        {131, 1.0f / 78.0f},
        "folders train, validation and test, each with one folder of images per expression",
        {"data/fer2013"},
        fer2013_files,
        read_fer2013}},
      {"fsdd", fsdd_entry("")},
      {"neu_det",
       detection_entry({"crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale", "scratches"},
                       {128, 1.0f / 55.0f},
                       "NEU surface defect database: folders IMAGES and ANNOTATIONS (VOC XML)", "neu-det",
                       neu_det, 1)},
      {"bccd", detection_entry({"RBC", "WBC", "Platelets"}, {180, 1.0f / 55.0f},
                               "it is the folder BCCD of github.com/Shenggan/BCCD_Dataset", "bccd", bccd, 3)},
      {"coco", detection_entry({}, {128, 1.0f / 64.0f},
                               "your own set: images/ and annotations/{train,val,test}.json in COCO's form",
                               "coco", coco, 3)},
  };
  for (const std::string& speaker : fsdd_speakers())
    entries.emplace("fsdd_without_" + speaker, fsdd_entry(speaker));
  return entries;
}

const std::map<std::string, Entry>& catalog() {
  static const std::map<std::string, Entry> entries = make_catalog();
  return entries;
}

}  // namespace

std::vector<std::string> dataset_names() {
  std::vector<std::string> names;
  for (const auto& entry : catalog()) {
    names.push_back(entry.first);
  }
  return names;
}

namespace {

// The folder asked for, or the first usual one that is there. A folder that holds the set's own under its
// usual name will do: scripts/get_data fills such a one with several sets.
std::string existing_folder(const std::string& name, const std::string& folder, const Entry& entry) {
  Paths places = folder.empty() ? entry.usual_folders : Paths{folder};
  std::string tried;
  for (const std::string& place : places) {
    const fs::path inner = fs::path(place) / fs::path(entry.usual_folders.front()).filename();
    if (fs::is_directory(inner)) {
      return inner.string();
    }
    if (fs::is_directory(place)) {
      return place;
    }
    tried += (tried.empty() ? "" : ", ") + place;
  }
  // The speakers of fsdd share its folder; coco is the user's own.
  const std::string set = name.starts_with("fsdd") ? "fsdd" : name;
  throw input_error(tried + ": is not a folder with the data set " + name,
                    entry.source + (set == "coco" ? "" : "; scripts/get_data " + set + " fetches it"));
}

}  // namespace

bool is_detection_set(const std::string& name) {
  const auto found = catalog().find(name);
  return found != catalog().end() && found->second.annotated != nullptr;
}

Dataset load_dataset(const std::string& name, const std::string& folder, Part part,
                     const ImageShape& letterbox) {
  const auto found = catalog().find(name);
  if (found == catalog().end()) {
    std::string known;
    for (const std::string& candidate : dataset_names()) {
      known += (known.empty() ? "" : ", ") + candidate;
    }
    throw usage_error("unknown data set \"" + name + "\", known: " + known,
                      nearest_hint(name, dataset_names()));
  }
  const Entry& entry = found->second;
  const std::string place = existing_folder(name, folder, entry);
  if (entry.annotated != nullptr) {
    const auto or_usual = [](int wanted, int usual) { return wanted > 0 ? wanted : usual; };
    const ImageShape shape{or_usual(letterbox.h, entry.shape.h), or_usual(letterbox.w, entry.shape.w),
                           or_usual(letterbox.c, entry.shape.c)};
    Dataset dataset = read_annotated(entry.annotated(place, entry.classes, part), shape, entry.normalisation);
    if (dataset.size() == 0) {
      throw input_error(place + ": no image with a box in the " +
                        (part == Part::kTrain ? "training" : "test") + " part of " + name);
    }
    dataset.name = name;
    return dataset;
  }
  const Paths files = entry.files(place, entry.classes, part);
  Dataset dataset = entry.read(files, entry.classes);
  dataset.name = name;
  dataset.classes = entry.classes;
  dataset.normalisation = entry.normalisation;
  dataset.manifest_sha256 = manifest_sha256(files);
  return dataset;
}

}  // namespace ns::data
