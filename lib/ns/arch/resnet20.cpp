// ResNet-20 for CIFAR (He et al., 2016, section 4.2): three stages of three residual blocks.
#include "ns/arch/architectures.h"
#include "ns/arch/residual_block.h"

namespace ns::arch {

nn::Graph resnet20(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("resnet20", input);
  std::string x = graph.conv_bn_relu("stem", "input", scaled_channels(16, width), 3, 1);
  for (int stage = 1; stage <= 3; ++stage) {
    const int filters = scaled_channels(8 << stage, width);
    for (int block = 1; block <= 3; ++block) {
      const std::string name = "stage" + std::to_string(stage) + ".block" + std::to_string(block);
      x = residual_block(graph, name, x, filters, stage > 1 && block == 1 ? 2 : 1);
    }
  }
  x = graph.global_avg_pool("pool", x);
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace ns::arch
