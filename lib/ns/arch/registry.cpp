#include "ns/arch/registry.h"

#include "ns/arch/architectures.h"
#include "ns/base/error.h"
#include "ns/base/nearest.h"

namespace ns::arch {
namespace {

struct Entry {
  const char* name;
  nn::Graph (*build)(nn::ImageShape input, int classes, double width);
};

constexpr Entry kEntries[] = {{"autoencoder", autoencoder},
                              {"ds_cnn", ds_cnn},
                              {"mobilenet_v1", mobilenet_v1},
                              {"mobilenet_v2", mobilenet_v2},
                              {"nin", nin},
                              {"resnet20", resnet20},
                              {"resnet8", resnet8},
                              {"resnet8_strided", resnet8_strided},
                              {"resnet9", resnet9},
                              {"vgg_small", vgg_small}};

constexpr Entry kDetectors[] = {{"ssd_mobilenet_v2", ssd_mobilenet_v2}, {"ssd_resnet8", ssd_resnet8}};

struct BinaryEntry {
  const char* name;
  nn::Graph (*build)(nn::ImageShape input, int classes, double width, const BinaryStyle& style);
};

constexpr BinaryEntry kBinaryEntries[] = {
    {"nin_binary", nin_binary}, {"resnet20_binary", resnet20_binary}, {"resnet8_binary", resnet8_binary}};

nn::Graph checked(const std::string& name, int classes, double width, const auto& make) {
  if (classes < 1) {
    throw usage_error("architecture '" + name + "' needs at least one class, found " +
                      std::to_string(classes));
  }
  if (!(width > 0.0 && width <= 16.0)) {
    throw usage_error("architecture '" + name + "': width must be in (0, 16], found " +
                      std::to_string(width));
  }
  nn::Graph graph = make();
  graph.infer_shapes();
  return graph;
}

}  // namespace

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const Entry& entry : kEntries) {
    all.emplace_back(entry.name);
  }
  return all;
}

std::vector<std::string> detector_names() {
  std::vector<std::string> all;
  for (const Entry& entry : kDetectors) {
    all.emplace_back(entry.name);
  }
  return all;
}

std::vector<std::string> binary_names() {
  std::vector<std::string> all;
  for (const BinaryEntry& entry : kBinaryEntries) {
    all.emplace_back(entry.name);
  }
  return all;
}

nn::Graph build(const std::string& name, nn::ImageShape input, int classes, double width,
                const BinaryStyle& style) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) {
      return checked(name, classes, width, [&] { return entry.build(input, classes, width); });
    }
  }
  for (const Entry& entry : kDetectors) {
    if (entry.name == name) {
      return checked(name, classes, width, [&] { return entry.build(input, classes, width); });
    }
  }
  for (const BinaryEntry& entry : kBinaryEntries) {
    if (entry.name == name) {
      return checked(name, classes, width, [&] { return entry.build(input, classes, width, style); });
    }
  }
  std::vector<std::string> known = names();
  for (const auto& others : {detector_names(), binary_names()}) {
    known.insert(known.end(), others.begin(), others.end());
  }
  throw usage_error("unknown architecture '" + name + "'", nearest_hint(name, known));
}

}  // namespace ns::arch
