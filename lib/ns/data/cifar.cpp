#include "ns/data/cifar.h"

#include <filesystem>

#include "ns/base/error.h"
#include "ns/base/mapped_file.h"

namespace ns::data {
namespace {

constexpr ImageShape kShape{32, 32, 3};
constexpr std::size_t kPlane = 32 * 32;
constexpr std::size_t kRecord = 1 + 3 * kPlane;
constexpr int kClasses = 10;

void append_file(const std::string& path, Dataset& dataset) {
  const MappedFile file(path);
  if (file.size() == 0) {
    throw input_error(path + ": is empty, expected CIFAR-10 records");
  }
  if (file.size() % kRecord != 0) {
    throw input_error(path + ": " + std::to_string(file.size()) +
                      " bytes are no whole number of CIFAR-10 records of " + std::to_string(kRecord) +
                      " bytes: truncated or another format");
  }
  const std::size_t records = file.size() / kRecord;
  dataset.sources.push_back({std::filesystem::path(path).filename().string(), records});
  const std::size_t before = dataset.pixels.size();
  dataset.pixels.resize(before + records * 3 * kPlane);
  std::uint8_t* out = dataset.pixels.data() + before;
  for (std::size_t i = 0; i < records; ++i) {
    const std::uint8_t* in = file.bytes().data() + i * kRecord;
    const int label = *in++;
    if (label >= kClasses) {
      throw input_error(path + ": record " + std::to_string(i) + ": label " + std::to_string(label) +
                        " is not below " + std::to_string(kClasses));
    }
    dataset.labels.push_back(label);
    for (std::size_t p = 0; p < kPlane; ++p, out += 3) {
      out[0] = in[p];
      out[1] = in[p + kPlane];
      out[2] = in[p + 2 * kPlane];
    }
  }
}

}  // namespace

Dataset read_cifar10(std::span<const std::string> paths) {
  Dataset dataset;
  dataset.shape = kShape;
  for (const std::string& path : paths) {
    append_file(path, dataset);
  }
  return dataset;
}

}  // namespace ns::data
