#include "ns/data/catalog.h"

#include <filesystem>
#include <map>

#include "ns/base/error.h"
#include "ns/base/nearest.h"
#include "ns/data/cifar.h"
#include "ns/data/idx.h"
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
  Paths (*files)(const std::string& folder, Part part);
  Dataset (*read)(const Paths& files, std::size_t classes);
};

// The uncompressed file, if there is only that; otherwise the .gz, which is also the one to miss.
std::string with_or_without_gz(const std::string& path) {
  return fs::exists(path) && !fs::exists(path + ".gz") ? path : path + ".gz";
}

Paths mnist_files(const std::string& folder, Part part) {
  const std::string prefix = folder + (part == Part::kTrain ? "/train-" : "/t10k-");
  return {with_or_without_gz(prefix + "images-idx3-ubyte"), with_or_without_gz(prefix + "labels-idx1-ubyte")};
}

Dataset read_mnist(const Paths& files, std::size_t classes) {
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
    if (labels.bytes[i] >= classes) {
      throw input_error(files[1] + ": label " + std::to_string(labels.bytes[i]) + " of image " +
                        std::to_string(i) + " is not below " + std::to_string(classes));
    }
  }
  dataset.labels.assign(labels.bytes.begin(), labels.bytes.end());
  const fs::path name = fs::path(files[0]).filename();
  dataset.sources = {{(name.extension() == ".gz" ? name.stem() : name).string(), dataset.labels.size()}};
  return dataset;
}

Paths cifar_files(const std::string& folder, Part part) {
  if (part == Part::kTest) {
    return {folder + "/test_batch.bin"};
  }
  Paths paths;
  for (int i = 1; i <= 5; ++i) {
    paths.push_back(folder + "/data_batch_" + std::to_string(i) + ".bin");
  }
  return paths;
}

const std::map<std::string, Entry>& catalog() {
  // Mean and 1/scale are the training pixels' mean and standard deviation, rounded (the mean must be an
  // integer).
  static const std::map<std::string, Entry> entries{
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
        [](const Paths& files, std::size_t) { return read_cifar10(files); }}},
  };
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

// The folder asked for, or the first usual one that is there.
std::string existing_folder(const std::string& name, const std::string& folder, const Entry& entry) {
  Paths places = folder.empty() ? entry.usual_folders : Paths{folder};
  std::string tried;
  for (const std::string& place : places) {
    if (fs::is_directory(place)) {
      return place;
    }
    tried += (tried.empty() ? "" : ", ") + place;
  }
  throw input_error(tried + ": is not a folder with the data set " + name, entry.source);
}

}  // namespace

Dataset load_dataset(const std::string& name, const std::string& folder, Part part) {
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
  const Paths files = entry.files(existing_folder(name, folder, entry), part);
  Dataset dataset = entry.read(files, entry.classes.size());
  dataset.name = name;
  dataset.classes = entry.classes;
  dataset.normalisation = entry.normalisation;
  dataset.manifest_sha256 = manifest_sha256(files);
  return dataset;
}

}  // namespace ns::data
