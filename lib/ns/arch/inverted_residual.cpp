#include "ns/arch/inverted_residual.h"

namespace ns::arch {

std::string inverted_residual(GraphBuilder& graph, const std::string& name, const std::string& input,
                              int channels, int expansion, int filters, int stride) {
  std::string x = input;
  if (expansion > 1) {
    x = graph.conv_bn_relu(name + ".expand", x, channels * expansion, 1, 1);
  }
  x = graph.depthwise_bn_relu(name + ".spatial", x, stride);
  x = graph.conv(name + ".project.conv", x, filters, 1, 1);
  x = graph.batch_norm(name + ".project.bn", x);
  return stride == 1 && channels == filters ? graph.add(name + ".add", x, input) : x;
}

}  // namespace ns::arch
