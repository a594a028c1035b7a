// Architectures by name. Each is a plain nn::Graph, as a user could write it in JSON.
#pragma once

#include <string>
#include <vector>

#include "ns/nn/graph.h"

namespace ns::arch {

/// In alphabetical order.
std::vector<std::string> names();

/// `width` > 0 multiplies the channels of every layer but the last, rounded to a multiple of 4, at least 4.
/// The autoencoder's last layer has as many units as the input has values; it takes no notice of `classes`.
/// Throws Error(kUsage) on an unknown name (naming the nearest), classes < 1 or width not in (0, 16], and
/// Error(kInput) if `input` is too small for the architecture.
nn::Graph build(const std::string& name, nn::ImageShape input, int classes, double width);

}  // namespace ns::arch
