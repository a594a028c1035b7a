// The fully connected autoencoder of MLPerf Tiny's anomaly detection task (Banbury et al., 2021; DCASE 2020
// baseline): five frames of 128 mel bands, 640 values.
#include "ns/arch/architectures.h"
#include "ns/arch/graph_builder.h"

namespace ns::arch {

nn::Graph autoencoder(nn::ImageShape input, int /*classes*/, double width) {
  GraphBuilder graph("autoencoder", input);
  const int hidden = scaled_channels(128, width), bottleneck = scaled_channels(8, width);
  std::string x = "input";
  const auto linear = [&](const std::string& name, int units) {
    x = graph.bn_relu(name, graph.linear(name + ".linear", x, units));
  };
  for (int i = 1; i <= 4; ++i) {
    linear("encoder" + std::to_string(i), hidden);
  }
  linear("bottleneck", bottleneck);
  for (int i = 1; i <= 4; ++i) {
    linear("decoder" + std::to_string(i), hidden);
  }
  graph.linear("reconstruction", x, input.h * input.w * input.c);
  return graph.take();
}

}  // namespace ns::arch
