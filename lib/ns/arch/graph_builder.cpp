#include "ns/arch/graph_builder.h"

#include <algorithm>
#include <cmath>

namespace ns::arch {
namespace {

nn::Padding all_sides(int padding) {
  return {padding, padding, padding, padding};
}

}  // namespace

int scaled_channels(int channels, double width) {
  return std::max(4, 4 * static_cast<int>(std::lround(channels * width / 4.0)));
}

GraphBuilder::GraphBuilder(std::string name, nn::ImageShape input) {
  graph_.name = std::move(name);
  graph_.input = input;
}

nn::Layer& GraphBuilder::append(const std::string& name, nn::Op op, std::vector<std::string> inputs) {
  nn::Layer& layer = graph_.layers.emplace_back();
  layer.name = name;
  layer.op = op;
  layer.inputs = std::move(inputs);
  return layer;
}

nn::Layer& GraphBuilder::append_window(const std::string& name, nn::Op op, const std::string& input,
                                       std::array<int, 2> kernel, int stride, nn::Padding padding) {
  nn::Layer& layer = append(name, op, {input});
  layer.kernel = kernel;
  layer.stride = {stride, stride};
  layer.padding = padding;
  return layer;
}

std::string GraphBuilder::conv(const std::string& name, const std::string& input, int filters, int kernel,
                               int stride) {
  return conv(name, input, filters, {kernel, kernel}, stride, all_sides(kernel / 2));
}

std::string GraphBuilder::conv(const std::string& name, const std::string& input, int filters,
                               std::array<int, 2> kernel, int stride, nn::Padding padding) {
  append_window(name, nn::Op::kConv, input, kernel, stride, padding).filters = filters;
  return name;
}

std::string GraphBuilder::depthwise(const std::string& name, const std::string& input, int stride) {
  return append_window(name, nn::Op::kDepthwiseConv, input, {3, 3}, stride, all_sides(1)).name;
}

std::string GraphBuilder::batch_norm(const std::string& name, const std::string& input) {
  return append(name, nn::Op::kBatchNorm, {input}).name;
}

std::string GraphBuilder::relu(const std::string& name, const std::string& input) {
  return append(name, nn::Op::kRelu, {input}).name;
}

std::string GraphBuilder::add(const std::string& name, const std::string& a, const std::string& b) {
  return append(name, nn::Op::kAdd, {a, b}).name;
}

std::string GraphBuilder::max_pool(const std::string& name, const std::string& input,
                                   std::array<int, 2> kernel, int stride, int padding) {
  return append_window(name, nn::Op::kMaxPool, input, kernel, stride, all_sides(padding)).name;
}

std::string GraphBuilder::avg_pool(const std::string& name, const std::string& input, int kernel,
                                   int stride) {
  return append_window(name, nn::Op::kAvgPool, input, {kernel, kernel}, stride, {}).name;
}

std::string GraphBuilder::global_avg_pool(const std::string& name, const std::string& input) {
  return append(name, nn::Op::kGlobalAvgPool, {input}).name;
}

std::string GraphBuilder::concat(const std::string& name, std::vector<std::string> inputs) {
  return append(name, nn::Op::kConcat, std::move(inputs)).name;
}

std::string GraphBuilder::sign(const std::string& name, const std::string& input, const BinaryStyle& style) {
  nn::Layer& layer = append(name, nn::Op::kSign, {input});
  layer.bits = style.bits;
  layer.estimator = style.estimator;
  layer.shift = style.shift;
  return name;
}

std::string GraphBuilder::binary_conv(const std::string& name, const std::string& input, int filters,
                                      int kernel, int stride, const BinaryStyle& style) {
  nn::Layer& layer =
      append_window(name, nn::Op::kBinaryConv, input, {kernel, kernel}, stride, all_sides(kernel / 2));
  layer.filters = filters;
  layer.scaling = style.weight_scaling;
  return name;
}

std::string GraphBuilder::linear(const std::string& name, const std::string& input, int units) {
  nn::Layer& layer = append(name, nn::Op::kLinear, {input});
  layer.filters = units;
  layer.bias = true;
  return name;
}

std::string GraphBuilder::conv_bn_relu(const std::string& name, const std::string& input, int filters,
                                       int kernel, int stride) {
  return bn_relu(name, conv(name + ".conv", input, filters, kernel, stride));
}

std::string GraphBuilder::depthwise_bn_relu(const std::string& name, const std::string& input, int stride) {
  return bn_relu(name, depthwise(name + ".depthwise", input, stride));
}

std::string GraphBuilder::bn_relu(const std::string& name, const std::string& input) {
  return relu(name + ".relu", batch_norm(name + ".bn", input));
}

void GraphBuilder::detection_scale(const std::string& name, const std::string& input, int classes,
                                   std::vector<std::array<float, 2>> sizes) {
  const auto boxes = static_cast<int>(sizes.size());
  nn::DetectionHead::Scale scale{name + ".scores", name + ".boxes", std::move(sizes)};
  conv(scale.scores, input, boxes * (classes + 1), 3, 1);
  graph_.layers.back().bias = true;
  conv(scale.boxes, input, boxes * 4, 3, 1);
  graph_.layers.back().bias = true;
  graph_.outputs.push_back(scale.scores);
  graph_.outputs.push_back(scale.boxes);
  graph_.detection.classes = classes;
  graph_.detection.scales.push_back(std::move(scale));
}

}  // namespace ns::arch
