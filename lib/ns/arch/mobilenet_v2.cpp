// MobileNetV2 (Sandler et al., 2018): inverted residuals with linear bottlenecks. ReLU stands in for ReLU6:
// in int8 the calibrated range bounds the activations anyway.
#include "ns/arch/architectures.h"
#include "ns/arch/first_stride.h"
#include "ns/arch/inverted_residual.h"

namespace ns::arch {
namespace {

constexpr InvertedStage kStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                     {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

}  // namespace

nn::Graph mobilenet_v2(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("mobilenet_v2", input);
  const int channels = scaled_channels(32, width);
  std::string x = graph.conv_bn_relu("stem", "input", channels, 3, first_stride(input));
  x = inverted_stages(graph, x, channels, kStages, width).back();
  x = graph.conv_bn_relu("head", x, scaled_channels(1280, width), 1, 1);
  x = graph.global_avg_pool("pool", x);
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace ns::arch
