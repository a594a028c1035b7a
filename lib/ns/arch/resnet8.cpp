// ResNet-8 of MLPerf Tiny's image classification task (Banbury et al., 2021), with PyTorch's symmetric
// padding.
#include "ns/arch/architectures.h"
#include "ns/arch/graph_builder.h"

namespace ns::arch {
namespace {

std::string residual_stack(GraphBuilder& graph, const std::string& name, const std::string& input,
                           int filters, int stride) {
  std::string x = graph.conv(name + ".conv1", input, filters, 3, stride);
  x = graph.batch_norm(name + ".bn1", x);
  x = graph.relu(name + ".relu1", x);
  x = graph.conv(name + ".conv2", x, filters, 3, 1);
  x = graph.batch_norm(name + ".bn2", x);
  std::string shortcut = input;
  if (stride > 1) {
    shortcut = graph.conv(name + ".shortcut.conv", input, filters, 1, stride);
    shortcut = graph.batch_norm(name + ".shortcut.bn", shortcut);
  }
  return graph.relu(name + ".relu2", graph.add(name + ".add", x, shortcut));
}

}  // namespace

nn::Graph resnet8(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("resnet8", input);
  std::string x = graph.conv("stem.conv", "input", scaled_channels(16, width), 3, 1);
  x = graph.batch_norm("stem.bn", x);
  x = graph.relu("stem.relu", x);
  x = residual_stack(graph, "stack1", x, scaled_channels(16, width), 1);
  x = residual_stack(graph, "stack2", x, scaled_channels(32, width), 2);
  x = residual_stack(graph, "stack3", x, scaled_channels(64, width), 2);
  x = graph.global_avg_pool("pool", x);
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace ns::arch
