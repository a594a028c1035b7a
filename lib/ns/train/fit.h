// Whether a network is for a data set.
#pragma once

#include <string>

#include "ns/data/dataset.h"
#include "ns/nn/graph.h"

namespace ns::train {

/// "28x28x1": height, width, channels.
std::string text_of(const ImageShape& shape);

/// Throws Error(kInput), which begins with `who` (the network's file), unless the network takes the data
/// set's images, is a detector if they have boxes, and knows as many classes.
void require_fits(const nn::Graph& graph, const data::Dataset& dataset, const std::string& who);

}  // namespace ns::train
