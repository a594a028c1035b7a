#include "ns/arch/residual_block.h"

namespace ns::arch {

std::string residual_block(GraphBuilder& graph, const std::string& name, const std::string& input,
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

}  // namespace ns::arch
