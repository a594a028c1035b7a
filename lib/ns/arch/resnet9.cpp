// The ResNet-9 that David Page trained for DAWNBench's CIFAR-10 entry (2018): few layers, wide, residual
// pairs after the first and the third max pool. His constant factor on the logits is left to the classifier's
// weights.
#include "ns/arch/architectures.h"
#include "ns/arch/graph_builder.h"

namespace ns::arch {
namespace {

/// Unlike residual_block, the sum has no ReLU after it.
std::string residual_pair(GraphBuilder& graph, const std::string& name, const std::string& input,
                          int filters) {
  const std::string first = graph.conv_bn_relu(name + ".first", input, filters, 3, 1);
  return graph.add(name + ".add", input, graph.conv_bn_relu(name + ".second", first, filters, 3, 1));
}

}  // namespace

nn::Graph resnet9(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("resnet9", input);
  const auto pooled = [&](const std::string& name, const std::string& from, int filters) {
    const std::string x = graph.conv_bn_relu(name, from, scaled_channels(filters, width), 3, 1);
    return graph.max_pool(name + ".pool", x, {2, 2}, 2);
  };
  std::string x = graph.conv_bn_relu("stem", "input", scaled_channels(64, width), 3, 1);
  x = pooled("layer1", x, 128);
  x = residual_pair(graph, "layer1.residual", x, scaled_channels(128, width));
  x = pooled("layer2", x, 256);
  x = pooled("layer3", x, 512);
  x = residual_pair(graph, "layer3.residual", x, scaled_channels(512, width));
  x = graph.max_pool("pool", x, {input.h / 8, input.w / 8}, 1);  // the whole plane
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace ns::arch
