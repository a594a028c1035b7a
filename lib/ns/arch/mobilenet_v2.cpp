// MobileNetV2 (Sandler et al., 2018): inverted residuals with linear bottlenecks. ReLU stands in for ReLU6:
// in int8 the calibrated range bounds the activations anyway.
#include "ns/arch/architectures.h"
#include "ns/arch/first_stride.h"
#include "ns/arch/inverted_residual.h"

namespace ns::arch {
namespace {

struct Stage {
  int expansion, filters, blocks, stride;
};

constexpr Stage kStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                             {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

}  // namespace

nn::Graph mobilenet_v2(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("mobilenet_v2", input);
  int channels = scaled_channels(32, width);
  std::string x = graph.conv_bn_relu("stem", "input", channels, 3, first_stride(input));
  int number = 0;
  for (const Stage& stage : kStages) {
    const int filters = scaled_channels(stage.filters, width);
    for (int block = 0; block < stage.blocks; ++block) {
      x = inverted_residual(graph, "block" + std::to_string(++number), x, channels, stage.expansion, filters,
                            block == 0 ? stage.stride : 1);
      channels = filters;
    }
  }
  x = graph.conv_bn_relu("head", x, scaled_channels(1280, width), 1, 1);
  x = graph.global_avg_pool("pool", x);
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace ns::arch
