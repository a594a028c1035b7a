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

constexpr Entry kEntries[] = {
    {"autoencoder", autoencoder},   {"ds_cnn", ds_cnn},   {"mobilenet_v1", mobilenet_v1},
    {"mobilenet_v2", mobilenet_v2}, {"nin", nin},         {"resnet20", resnet20},
    {"resnet8", resnet8},           {"resnet9", resnet9}, {"vgg_small", vgg_small}};

}  // namespace

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const Entry& entry : kEntries) {
    all.emplace_back(entry.name);
  }
  return all;
}

nn::Graph build(const std::string& name, nn::ImageShape input, int classes, double width) {
  for (const Entry& entry : kEntries) {
    if (entry.name != name) {
      continue;
    }
    if (classes < 1) {
      throw usage_error("architecture '" + name + "' needs at least one class, found " +
                        std::to_string(classes));
    }
    if (!(width > 0.0 && width <= 16.0)) {
      throw usage_error("architecture '" + name + "': width must be in (0, 16], found " +
                        std::to_string(width));
    }
    nn::Graph graph = entry.build(input, classes, width);
    graph.infer_shapes();
    return graph;
  }
  throw usage_error("unknown architecture '" + name + "'", nearest_hint(name, names()));
}

}  // namespace ns::arch
