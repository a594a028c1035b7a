// Network in network for CIFAR-10 (Lin et al., 2014) in the layout of the XNOR-Net literature, real-valued.
// Two departures: the average pool has no padding, so that every window is full (7x7 instead of 8x8
// afterwards); and the last 1x1 convolution comes after the global average instead of before it, where it is
// a linear layer. Both are linear maps that commute, and the logits are the same.
#include "ns/arch/architectures.h"
#include "ns/arch/graph_builder.h"

namespace ns::arch {

nn::Graph nin(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("nin", input);
  std::string x = "input";
  const auto conv = [&](const std::string& name, int filters, int kernel) {
    x = graph.conv_bn_relu(name, x, scaled_channels(filters, width), kernel, 1);
  };
  conv("block1.spatial", 192, 5);
  conv("block1.mlp1", 160, 1);
  conv("block1.mlp2", 96, 1);
  x = graph.max_pool("block1.pool", x, {3, 3}, 2, 1);
  conv("block2.spatial", 192, 5);
  conv("block2.mlp1", 192, 1);
  conv("block2.mlp2", 192, 1);
  x = graph.avg_pool("block2.pool", x, 3, 2);
  conv("block3.spatial", 192, 3);
  conv("block3.mlp1", 192, 1);
  x = graph.global_avg_pool("pool", x);
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace ns::arch
