// ResNet-8 of MLPerf Tiny's image classification task (Banbury et al., 2021), with PyTorch's symmetric
// padding.
#include "ns/arch/architectures.h"
#include "ns/arch/residual_block.h"

namespace ns::arch {

nn::Graph resnet8(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("resnet8", input);
  std::string x = graph.conv_bn_relu("stem", "input", scaled_channels(16, width), 3, 1);
  x = residual_block(graph, "stack1", x, scaled_channels(16, width), 1);
  x = residual_block(graph, "stack2", x, scaled_channels(32, width), 2);
  x = residual_block(graph, "stack3", x, scaled_channels(64, width), 2);
  x = graph.global_avg_pool("pool", x);
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace ns::arch
