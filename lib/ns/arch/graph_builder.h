// Writes graphs layer by layer. Private to this room.
#pragma once

#include <array>
#include <string>

#include "ns/arch/binary_style.h"
#include "ns/nn/graph.h"

namespace ns::arch {

/// channels * width, rounded to the nearest multiple of 4, at least 4.
int scaled_channels(int channels, double width);

/// Every call appends one layer and returns its name, to be read by later layers. Convolutions and depthwise
/// convolutions have no bias.
class GraphBuilder {
 public:
  GraphBuilder(std::string name, nn::ImageShape input);

  /// Square kernel, symmetric padding kernel / 2.
  std::string conv(const std::string& name, const std::string& input, int filters, int kernel, int stride);
  std::string conv(const std::string& name, const std::string& input, int filters, std::array<int, 2> kernel,
                   int stride, nn::Padding padding);
  /// 3x3, padding 1.
  std::string depthwise(const std::string& name, const std::string& input, int stride);
  std::string batch_norm(const std::string& name, const std::string& input);
  std::string relu(const std::string& name, const std::string& input);
  std::string add(const std::string& name, const std::string& a, const std::string& b);
  /// `padding` on all four sides.
  std::string max_pool(const std::string& name, const std::string& input, std::array<int, 2> kernel,
                       int stride, int padding = 0);
  std::string avg_pool(const std::string& name, const std::string& input, int kernel, int stride);
  std::string global_avg_pool(const std::string& name, const std::string& input);
  /// With bias.
  std::string linear(const std::string& name, const std::string& input, int units);

  /// Three layers: <name>.conv, <name>.bn and <name>.relu.
  std::string conv_bn_relu(const std::string& name, const std::string& input, int filters, int kernel,
                           int stride);
  /// <name>.depthwise, <name>.bn, <name>.relu.
  std::string depthwise_bn_relu(const std::string& name, const std::string& input, int stride);
  std::string concat(const std::string& name, std::vector<std::string> inputs);
  std::string sign(const std::string& name, const std::string& input, const BinaryStyle& style);
  /// Square kernel, symmetric padding kernel / 2.
  std::string binary_conv(const std::string& name, const std::string& input, int filters, int kernel,
                          int stride, const BinaryStyle& style);
  /// <name>.bn, <name>.relu.
  std::string bn_relu(const std::string& name, const std::string& input);

  /// One scale of a detector: convolutions 3x3 with bias, <name>.scores and <name>.boxes, which become
  /// outputs.
  void detection_scale(const std::string& name, const std::string& input, int classes,
                       std::vector<std::array<float, 2>> sizes);

  nn::Graph take() { return std::move(graph_); }

 private:
  nn::Layer& append(const std::string& name, nn::Op op, std::vector<std::string> inputs);
  nn::Layer& append_window(const std::string& name, nn::Op op, const std::string& input,
                           std::array<int, 2> kernel, int stride, nn::Padding padding);
  nn::Graph graph_;
};

}  // namespace ns::arch
