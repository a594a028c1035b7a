// Network in network with binary layers in the layout of the published XNOR-Net training for CIFAR-10:
// batch-norm, sign, binary convolution, ReLU; the first convolution and the classifier are real. Average pool
// and classifier as in nin.cpp.
#include "ns/arch/architectures.h"
#include "ns/arch/graph_builder.h"

namespace ns::arch {

nn::Graph nin_binary(nn::ImageShape input, int classes, double width, const BinaryStyle& style) {
  GraphBuilder graph("nin_binary", input);
  int channels = scaled_channels(192, width);
  std::string x = graph.conv_bn_relu("block1.spatial", "input", channels, 5, 1);
  const auto binary = [&](const std::string& name, int base, int kernel) {
    const int filters = scaled_channels(base, width);
    std::string y = graph.sign(name + ".sign", graph.batch_norm(name + ".bn", x), style);
    y = graph.relu(name + ".relu", graph.binary_conv(name + ".conv", y, filters, kernel, 1));
    x = style.shortcuts && filters == channels ? graph.add(name + ".add", y, x) : y;
    channels = filters;
  };
  binary("block1.mlp1", 160, 1);
  binary("block1.mlp2", 96, 1);
  x = graph.max_pool("block1.pool", x, {3, 3}, 2, 1);
  binary("block2.spatial", 192, 5);
  binary("block2.mlp1", 192, 1);
  binary("block2.mlp2", 192, 1);
  x = graph.avg_pool("block2.pool", x, 3, 2);
  binary("block3.spatial", 192, 3);
  binary("block3.mlp1", 192, 1);
  x = graph.global_avg_pool("pool", x);
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace ns::arch
