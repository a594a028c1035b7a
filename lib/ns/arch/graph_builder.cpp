#include "ns/arch/graph_builder.h"

#include <algorithm>
#include <cmath>

namespace ns::arch {

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

std::string GraphBuilder::conv(const std::string& name, const std::string& input, int filters, int kernel,
                               int stride) {
  nn::Layer& layer = append(name, nn::Op::kConv, {input});
  layer.filters = filters;
  layer.kernel = {kernel, kernel};
  layer.stride = {stride, stride};
  layer.padding = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
  return name;
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

std::string GraphBuilder::global_avg_pool(const std::string& name, const std::string& input) {
  return append(name, nn::Op::kGlobalAvgPool, {input}).name;
}

std::string GraphBuilder::linear(const std::string& name, const std::string& input, int units) {
  nn::Layer& layer = append(name, nn::Op::kLinear, {input});
  layer.filters = units;
  layer.bias = true;
  return name;
}

}  // namespace ns::arch
