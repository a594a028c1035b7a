// Architectures by name. Each is a plain nn::Graph, as a user could write it in JSON.
#pragma once

#include <string>
#include <vector>

#include "ns/arch/binary_style.h"
#include "ns/nn/graph.h"

namespace ns::arch {

/// The real-valued ones, in alphabetical order.
std::vector<std::string> names();
/// Object detectors, in alphabetical order: graphs with a detection head on three grids, of a stride of 8, 16
/// and 32 pixels; their layers are as many as the classes and the background need.
std::vector<std::string> detector_names();
/// Those with binary layers, in alphabetical order. Their first convolution and their classifier are real.
std::vector<std::string> binary_names();

/// `width` > 0 multiplies the channels of every layer but the last, rounded to a multiple of 4, at least 4.
/// The autoencoder's last layer has as many units as the input has values; it takes no notice of `classes`.
/// `style` is that of the binary layers, if there are any.
/// Throws Error(kUsage) on an unknown name (naming the nearest), classes < 1 or width not in (0, 16], and
/// Error(kInput) if `input` is too small for the architecture.
nn::Graph build(const std::string& name, nn::ImageShape input, int classes, double width,
                const BinaryStyle& style = {});

}  // namespace ns::arch
