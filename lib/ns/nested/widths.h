// Slimmable networks (Yu et al., "Slimmable neural networks", ICLR 2019): subnets that share weights by
// width. A narrower one is the first channels of every layer of a wider one.
#pragma once

#include <span>
#include <vector>

#include "ns/nested/level_map.h"
#include "ns/nn/graph.h"

namespace ns::nested {

/// Throws Error(kUsage) unless there are 2 to 8 widths that fall strictly from 1 and stay above 0.
void check_widths(std::span<const double> widths);

/// The graph with width · c channels, rounded to a multiple of 4 (at least 4, at most c), where there were c.
/// Channels that reach the input or the output by additions keep their number. A width below 1 joins the
/// name.
nn::Graph at_width(const nn::Graph& graph, double width);

/// The level maps, in blocks of 1×1, of a graph whose subnet k is at_width of the k-th smallest width: maps
/// of every weight that some width lacks. Throws Error(kUsage) naming two widths that make the same network.
LevelMaps width_levels(const nn::Graph& graph, std::span<const double> widths);

/// Width of subnet k: `widths` name the widest first, subnets count from the narrowest.
inline double width_of(std::span<const double> widths, int subnet) {
  return widths[widths.size() - static_cast<std::size_t>(subnet)];
}

}  // namespace ns::nested
