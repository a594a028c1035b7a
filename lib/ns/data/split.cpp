#include "ns/data/split.h"

#include <numeric>

#include "ns/base/error.h"

namespace ns::data {
namespace {

void require(bool ok, const std::string& what, std::size_t count, const Dataset& dataset) {
  if (!ok) {
    throw usage_error(what + " of " + std::to_string(count) + " images does not fit the " +
                      std::to_string(dataset.size()) + " of " + dataset.name);
  }
}

// The truths of the images from `first` on, which become image 0, 1, …, up to `last`.
std::vector<detect::Truth> truths_between(const Dataset& dataset, std::size_t first, std::size_t last) {
  std::vector<int> index(dataset.size(), -1);
  std::iota(index.begin() + static_cast<std::ptrdiff_t>(first),
            index.begin() + static_cast<std::ptrdiff_t>(last), 0);
  return renumbered(dataset.truths, index);
}

void truncate(Dataset& dataset, std::size_t count) {
  dataset.truths = truths_between(dataset, 0, count);
  if (count < dataset.size()) dataset.sources.clear();
  dataset.labels.resize(count);
  if (!dataset.weights.empty()) dataset.weights.resize(count);
  dataset.pixels.resize(count * static_cast<std::size_t>(dataset.shape.size()));
}

}  // namespace

Split hold_out_last(Dataset dataset, std::size_t count) {
  require(count > 0 && count < dataset.size(), "a validation set", count, dataset);
  const std::size_t kept = dataset.size() - count;
  const auto offset = static_cast<std::ptrdiff_t>(kept);
  Split split;
  split.validation.name = dataset.name;
  split.validation.classes = dataset.classes;
  split.validation.shape = dataset.shape;
  split.validation.normalisation = dataset.normalisation;
  split.validation.manifest_sha256 = dataset.manifest_sha256;
  split.validation.labels.assign(dataset.labels.begin() + offset, dataset.labels.end());
  split.validation.truths = truths_between(dataset, kept, dataset.size());
  split.validation.pixels.assign(dataset.pixels.begin() + offset * dataset.shape.size(),
                                 dataset.pixels.end());
  truncate(dataset, kept);
  split.train = std::move(dataset);
  return split;
}

Dataset take_first(Dataset dataset, std::size_t count) {
  require(count > 0 && count <= dataset.size(), "a subset", count, dataset);
  truncate(dataset, count);
  return dataset;
}

}  // namespace ns::data
