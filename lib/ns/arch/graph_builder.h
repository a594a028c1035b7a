// Writes graphs layer by layer. Private to this room.
#pragma once

#include <string>

#include "ns/nn/graph.h"

namespace ns::arch {

/// channels * width, rounded to the nearest multiple of 4, at least 4.
int scaled_channels(int channels, double width);

/// Every call appends one layer and returns its name, to be read by later layers.
class GraphBuilder {
 public:
  GraphBuilder(std::string name, nn::ImageShape input);

  /// Square kernel, symmetric padding kernel / 2, no bias.
  std::string conv(const std::string& name, const std::string& input, int filters, int kernel, int stride);
  std::string batch_norm(const std::string& name, const std::string& input);
  std::string relu(const std::string& name, const std::string& input);
  std::string add(const std::string& name, const std::string& a, const std::string& b);
  std::string global_avg_pool(const std::string& name, const std::string& input);
  std::string linear(const std::string& name, const std::string& input, int units);

  nn::Graph take() { return std::move(graph_); }

 private:
  nn::Layer& append(const std::string& name, nn::Op op, std::vector<std::string> inputs);
  nn::Graph graph_;
};

}  // namespace ns::arch
