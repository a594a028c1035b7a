// VGG-small, the CIFAR network of the binary and quantised literature (e.g. Zhang et al., 2018, LQ-Nets): six
// 3x3 convolutions, three pools, one linear layer.
#include "ns/arch/architectures.h"
#include "ns/arch/graph_builder.h"

namespace ns::arch {

nn::Graph vgg_small(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("vgg_small", input);
  std::string x = "input";
  for (int stage = 1; stage <= 3; ++stage) {
    const std::string name = "stage" + std::to_string(stage);
    const int filters = scaled_channels(64 << stage, width);
    x = graph.conv_bn_relu(name + ".first", x, filters, 3, 1);
    x = graph.conv_bn_relu(name + ".second", x, filters, 3, 1);
    x = graph.max_pool(name + ".pool", x, {2, 2}, 2);
  }
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace ns::arch
