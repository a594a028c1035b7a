// MobileNetV2's block. Private to this room.
#pragma once

#include <string>

#include "ns/arch/graph_builder.h"

namespace ns::arch {

/// Expanding 1x1, depthwise 3x3 and linear 1x1 convolution, with a shortcut where the shape stays; its
/// output. `channels` are the input's.
std::string inverted_residual(GraphBuilder& graph, const std::string& name, const std::string& input,
                              int channels, int expansion, int filters, int stride);

}  // namespace ns::arch
