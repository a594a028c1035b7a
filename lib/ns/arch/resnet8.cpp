// ResNet-8 of MLPerf Tiny's image classification task (Banbury et al., 2021), with PyTorch's symmetric
// padding.
#include "ns/arch/architectures.h"
#include "ns/arch/residual_block.h"

namespace ns::arch {
namespace {

nn::Graph resnet8_of(const std::string& name, nn::ImageShape input, int classes, double width,
                     int first_stride) {
  GraphBuilder graph(name, input);
  std::string x = graph.conv_bn_relu("stem", "input", scaled_channels(16, width), 3, first_stride);
  x = residual_block(graph, "stack1", x, scaled_channels(16, width), 1);
  x = residual_block(graph, "stack2", x, scaled_channels(32, width), 2);
  x = residual_block(graph, "stack3", x, scaled_channels(64, width), 2);
  x = graph.global_avg_pool("pool", x);
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace

nn::Graph resnet8(nn::ImageShape input, int classes, double width) {
  return resnet8_of("resnet8", input, classes, width, 1);
}

// A quarter of the work: on FER2013's 48x48 pixels it is as good as resnet8 of equal width.
nn::Graph resnet8_strided(nn::ImageShape input, int classes, double width) {
  return resnet8_of("resnet8_strided", input, classes, width, 2);
}

}  // namespace ns::arch
