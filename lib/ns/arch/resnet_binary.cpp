// Binary ResNets for CIFAR with the shortcuts of Bi-Real Net (Liu et al., 2018): around every single binary
// convolution, x + batch-norm(binary conv(sign(x))). A shortcut that halves the image is a 2x2 average pool,
// a real 1x1 convolution and batch-norm, so images must have sides that are multiples of 4. The first
// convolution and the classifier are real.
#include "ns/arch/architectures.h"
#include "ns/arch/graph_builder.h"

namespace ns::arch {
namespace {

std::string binary_layer(GraphBuilder& graph, const std::string& name, const std::string& x, int filters,
                         int stride, const BinaryStyle& style) {
  std::string y =
      graph.binary_conv(name + ".conv", graph.sign(name + ".sign", x, style), filters, 3, stride, style);
  y = graph.batch_norm(name + ".bn", y);
  std::string shortcut = x;
  if (stride > 1) {
    shortcut = graph.avg_pool(name + ".shortcut.pool", x, stride, stride);
    shortcut = graph.conv(name + ".shortcut.conv", shortcut, filters, 1, 1);
    shortcut = graph.batch_norm(name + ".shortcut.bn", shortcut);
  }
  return graph.add(name + ".add", y, shortcut);
}

/// Stages of equally many layers, each half the size and twice the channels of the one before.
nn::Graph binary_resnet(const std::string& name, nn::ImageShape input, int classes, double width,
                        const BinaryStyle& style, int layers_per_stage) {
  GraphBuilder graph(name, input);
  std::string x = graph.conv("stem.conv", "input", scaled_channels(16, width), 3, 1);
  x = graph.batch_norm("stem.bn", x);
  for (int stage = 1; stage <= 3; ++stage) {
    for (int layer = 1; layer <= layers_per_stage; ++layer) {
      x = binary_layer(graph, "stage" + std::to_string(stage) + ".layer" + std::to_string(layer), x,
                       scaled_channels(8 << stage, width), stage > 1 && layer == 1 ? 2 : 1, style);
    }
  }
  x = graph.global_avg_pool("pool", x);
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace

nn::Graph resnet8_binary(nn::ImageShape input, int classes, double width, const BinaryStyle& style) {
  return binary_resnet("resnet8_binary", input, classes, width, style, 2);
}

nn::Graph resnet20_binary(nn::ImageShape input, int classes, double width, const BinaryStyle& style) {
  return binary_resnet("resnet20_binary", input, classes, width, style, 6);
}

}  // namespace ns::arch
