// MobileNetV2's block. Private to this room.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ns/arch/graph_builder.h"

namespace ns::arch {

/// Blocks of expanding 1x1, depthwise 3x3 and linear 1x1 convolution, with a shortcut where the shape stays;
/// the first one has the stride. `filters` are those at width 1.
struct InvertedStage {
  int expansion, filters, blocks, stride;
};

/// The stages one after the other on `input` with its `channels`; the output of each. Blocks are called
/// block1, block2, ...
std::vector<std::string> inverted_stages(GraphBuilder& graph, const std::string& input, int channels,
                                         std::span<const InvertedStage> stages, double width);

}  // namespace ns::arch
