// The two-convolution residual block of He et al. (2016), as the CIFAR networks stack it. Private to this
// room.
#pragma once

#include <string>

#include "ns/arch/graph_builder.h"

namespace ns::arch {

/// Where the stride is above 1 the shortcut is a 1x1 convolution with batch-norm (the paper's option B):
/// padding by zero channels (option A) has no operator of its own.
std::string residual_block(GraphBuilder& graph, const std::string& name, const std::string& input,
                           int filters, int stride);

}  // namespace ns::arch
