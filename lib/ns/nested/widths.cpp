#include "ns/nested/widths.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ns/base/error.h"
#include "ns/base/json.h"

namespace ns::nested {
namespace {

using nn::Op;

bool has_own_channels(Op op) {
  return op == Op::kConv || op == Op::kLinear;
}

/// Channels that exist or are missing together: every layer's, and the input's at index 0.
class ChannelGroups {
 public:
  explicit ChannelGroups(const nn::Graph& graph)
      : parent_(graph.layers.size() + 1), outputs_(graph.output_layers()) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      if (has_own_channels(graph.layers[i].op)) {
        continue;
      }
      for (const std::string& input : graph.layers[i].inputs) {
        parent_[root(i + 1)] = root(static_cast<std::size_t>(graph.index_of(input) + 1));
      }
    }
  }
  /// Whether layer i's channels are those of the network's input or of an output.
  bool fixed(std::size_t i) {
    return root(i + 1) == root(0) || std::any_of(outputs_.begin(), outputs_.end(), [&](std::size_t output) {
             return root(i + 1) == root(output + 1);
           });
  }

 private:
  std::size_t root(std::size_t i) {
    while (parent_[i] != i) {
      i = parent_[i];
    }
    return i;
  }
  std::vector<std::size_t> parent_, outputs_;
};

/// Of the layer's weights, in memory order [rows][row]; both 0 for a layer without.
struct Extents {
  std::int64_t rows = 0, row = 0;
  bool operator==(const Extents&) const = default;
};

std::vector<Extents> weight_extents(const nn::Graph& graph) {
  const std::vector<ImageShape> shapes = graph.infer_shapes();
  std::vector<Extents> extents;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const nn::Layer& layer = graph.layers[i];
    const int source = graph.index_of(layer.inputs[0]);
    const ImageShape& in = source < 0 ? graph.input : shapes[static_cast<std::size_t>(source)];
    const std::int64_t taps = std::int64_t{layer.kernel[0]} * layer.kernel[1];
    switch (layer.op) {
      case Op::kConv:
        extents.push_back({layer.filters, in.c * taps});
        break;
      case Op::kDepthwiseConv:
        extents.push_back({in.c, taps});
        break;
      case Op::kLinear:
        extents.push_back({layer.filters, std::int64_t{in.h} * in.w * in.c});
        break;
      default:
        extents.push_back({});
    }
  }
  return extents;
}

Shape weight_shape(const nn::Layer& layer, const Extents& extents) {
  if (layer.op == Op::kLinear) {
    return {extents.rows, extents.row};
  }
  return {extents.rows, extents.row / layer.kernel[0] / layer.kernel[1], layer.kernel[0], layer.kernel[1]};
}

}  // namespace

void check_widths(std::span<const double> widths) {
  const auto refuse = [&](const std::string& message) {
    throw usage_error("widths: " + message, "e.g. 1, 0.75, 0.5, 0.25: the widest first");
  };
  if (widths.size() < 2 || widths.size() > static_cast<std::size_t>(kMaxSubnets)) {
    refuse("expected 2 to " + std::to_string(kMaxSubnets) + ", found " + std::to_string(widths.size()));
  }
  if (widths[0] != 1.0) {
    refuse("the first must be 1, found " + canonical_dump(widths[0]));
  }
  for (std::size_t i = 1; i < widths.size(); ++i) {
    if (!(widths[i] > 0.0 && widths[i] < widths[i - 1])) {
      refuse(canonical_dump(widths[i]) + " follows " + canonical_dump(widths[i - 1]) +
             ", expected falling fractions above 0");
    }
  }
}

nn::Graph at_width(const nn::Graph& graph, double width) {
  nn::Graph narrow = graph;
  if (width == 1.0) {
    return narrow;
  }
  ChannelGroups groups(graph);
  for (std::size_t i = 0; i < narrow.layers.size(); ++i) {
    nn::Layer& layer = narrow.layers[i];
    if (has_own_channels(layer.op) && !groups.fixed(i)) {
      const int scaled = std::max(4, 4 * static_cast<int>(std::lround(layer.filters * width / 4.0)));
      layer.filters = std::min(layer.filters, scaled);
    }
  }
  narrow.name += " x" + canonical_dump(width);
  return narrow;
}

LevelMaps width_levels(const nn::Graph& graph, std::span<const double> widths) {
  check_widths(widths);
  for (const nn::Layer& layer : graph.layers) {
    if (layer.op == Op::kBinaryConv || layer.op == Op::kConcat) {
      throw usage_error("widths: layer " + layer.name + " of " + graph.name + " is a " +
                        (layer.op == Op::kConcat ? "concat" : "binary_conv") +
                        ", whose channels cannot be sliced");
    }
  }
  const int subnets = static_cast<int>(widths.size());
  std::vector<std::vector<Extents>> extents;  // [subnet − 1][layer]
  for (int subnet = 1; subnet <= subnets; ++subnet) {
    extents.push_back(weight_extents(at_width(graph, width_of(widths, subnet))));
    if (subnet > 1 && extents.back() == extents[extents.size() - 2]) {
      throw usage_error("widths " + canonical_dump(width_of(widths, subnet)) + " and " +
                            canonical_dump(width_of(widths, subnet - 1)) + " of " + graph.name +
                            " are the same network",
                        "channels are rounded to multiples of 4");
    }
  }
  LevelMaps maps;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Extents& whole = extents.back()[i];
    if (whole == extents.front()[i]) {
      continue;
    }
    std::vector<std::uint8_t> levels(static_cast<std::size_t>(whole.rows * whole.row),
                                     static_cast<std::uint8_t>(subnets));
    for (int subnet = subnets - 1; subnet >= 1; --subnet) {
      const Extents& part = extents[static_cast<std::size_t>(subnet - 1)][i];
      for (std::int64_t row = 0; row < part.rows; ++row) {
        std::fill_n(levels.begin() + row * whole.row, part.row, static_cast<std::uint8_t>(subnet));
      }
    }
    const nn::Layer& layer = graph.layers[i];
    maps.emplace(layer.name + ".weight",
                 LevelMap(BlockGrid(weight_shape(layer, whole), 1), subnets, std::move(levels)));
  }
  return maps;
}

}  // namespace ns::nested
