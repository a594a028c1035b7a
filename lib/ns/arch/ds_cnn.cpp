// DS-CNN of MLPerf Tiny's keyword spotting task (Banbury et al., 2021; Zhang et al., 2017, "Hello Edge"): 49
// frames of 10 coefficients, one channel.
#include <algorithm>

#include "ns/arch/architectures.h"
#include "ns/arch/graph_builder.h"

namespace ns::arch {
namespace {

constexpr int kKernelHeight = 10, kKernelWidth = 4, kStride = 2;

struct Sides {
  int before, after;
};

/// TensorFlow's "same": ceil(extent / stride) windows, the odd pixel of padding at the end.
Sides same_padding(int extent, int kernel, int stride) {
  const int windows = (extent + stride - 1) / stride;
  const int total = std::max(0, (windows - 1) * stride + kernel - extent);
  return {total / 2, total - total / 2};
}

}  // namespace

nn::Graph ds_cnn(nn::ImageShape input, int classes, double width) {
  GraphBuilder graph("ds_cnn", input);
  const int filters = scaled_channels(64, width);
  const Sides rows = same_padding(input.h, kKernelHeight, kStride);
  const Sides columns = same_padding(input.w, kKernelWidth, kStride);
  std::string x = graph.conv("stem.conv", "input", filters, {kKernelHeight, kKernelWidth}, kStride,
                             {rows.before, columns.before, rows.after, columns.after});
  x = graph.bn_relu("stem", x);
  for (int block = 1; block <= 4; ++block) {
    const std::string name = "block" + std::to_string(block);
    x = graph.depthwise_bn_relu(name + ".spatial", x, 1);
    x = graph.conv_bn_relu(name + ".pointwise", x, filters, 1, 1);
  }
  x = graph.global_avg_pool("pool", x);
  graph.linear("classifier", x, classes);
  return graph.take();
}

}  // namespace ns::arch
