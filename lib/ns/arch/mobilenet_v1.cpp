// MobileNet (Howard et al., 2017). Width 0.25 on 96x96x3 with two classes is MLPerf Tiny's visual wake words
// network (with PyTorch's symmetric padding); on CIFAR the first convolution keeps the resolution.
#include "ns/arch/architectures.h"
#include "ns/arch/first_stride.h"
#include "ns/arch/graph_builder.h"

namespace ns::arch {
namespace {

struct Block {
  int filters, stride;
};

constexpr Block kBlocks[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                             {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};

}  // namespace

nn::Graph mobilenet_v1(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("mobilenet_v1", input);
  std::string x = graph.conv_bn_relu("stem", "input", scaled_channels(32, width), 3, first_stride(input));
  int number = 0;
  for (const Block& block : kBlocks) {
    const std::string name = "block" + std::to_string(++number);
    x = graph.depthwise_bn_relu(name + ".spatial", x, block.stride);
    x = graph.conv_bn_relu(name + ".pointwise", x, scaled_channels(block.filters, width), 1, 1);
  }
  x = graph.global_avg_pool("pool", x);
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace ns::arch
