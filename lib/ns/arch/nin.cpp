// Network in network for CIFAR-10 (Lin et al., 2014) in the layout of the XNOR-Net literature, real-valued
// and with binary layers. Two departures: the average pool has no padding, so that every window is full (7x7
// instead of 8x8 afterwards); and the last 1x1 convolution comes after the global average instead of before
// it, where it is a linear layer. Both are linear maps that commute, and the logits are the same.
#include <functional>

#include "ns/arch/architectures.h"
#include "ns/arch/graph_builder.h"

namespace ns::arch {
namespace {

/// Appends a convolution of `filters` channels and what belongs to it to the layer `x`; returns its last
/// layer.
using Convolution =
    std::function<std::string(const std::string& name, const std::string& x, int filters, int kernel)>;

/// The first convolution is real in both.
nn::Graph network_in_network(GraphBuilder& graph, int classes, double width, const Convolution& append) {
  std::string x = graph.conv_bn_relu("block1.spatial", "input", scaled_channels(192, width), 5, 1);
  const auto conv = [&](const std::string& name, int filters, int kernel) {
    x = append(name, x, scaled_channels(filters, width), kernel);
  };
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

}  // namespace

nn::Graph nin(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("nin", input);
  return network_in_network(graph, classes, width,
                            [&](const std::string& name, const std::string& x, int filters, int kernel) {
                              return graph.conv_bn_relu(name, x, filters, kernel, 1);
                            });
}

/// The layers of the published XNOR-Net training: batch-norm, sign, binary convolution, ReLU.
nn::Graph nin_binary(nn::ImageShape input, int classes, double width, const BinaryStyle& style) {
  GraphBuilder graph("nin_binary", input);
  int channels = scaled_channels(192, width);
  return network_in_network(
      graph, classes, width, [&](const std::string& name, const std::string& x, int filters, int kernel) {
        std::string y = graph.sign(name + ".sign", graph.batch_norm(name + ".bn", x), style);
        y = graph.relu(name + ".relu", graph.binary_conv(name + ".conv", y, filters, kernel, 1, style));
        const bool shortcut = style.shortcuts && filters == channels;
        channels = filters;
        return shortcut ? graph.add(name + ".add", y, x) : y;
      });
}

}  // namespace ns::arch
