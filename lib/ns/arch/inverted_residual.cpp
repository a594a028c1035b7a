#include "ns/arch/inverted_residual.h"

namespace ns::arch {

namespace {

/// One block; its output. `channels` are the input's.
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

}  // namespace

std::vector<std::string> inverted_stages(GraphBuilder& graph, const std::string& input, int channels,
                                         std::span<const InvertedStage> stages, double width) {
  std::vector<std::string> outputs;
  std::string x = input;
  int number = 0;
  for (const InvertedStage& stage : stages) {
    const int filters = scaled_channels(stage.filters, width);
    for (int block = 0; block < stage.blocks; ++block) {
      x = inverted_residual(graph, "block" + std::to_string(++number), x, channels, stage.expansion, filters,
                            block == 0 ? stage.stride : 1);
      channels = filters;
    }
    outputs.push_back(x);
  }
  return outputs;
}

}  // namespace ns::arch
