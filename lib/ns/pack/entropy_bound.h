// How many weights a layer keeps, and what they would take in flash at the least.
#pragma once

#include <cstddef>

#include "ns/quant/levelled_weights.h"

namespace ns::pack {

/// Weights that subnet k uses (level 1…k), quantised zeros included.
std::size_t kept_weights(const quant::LevelledWeights& weights, int subnet);

/// The least a lossless code could take on average: a byte per kept weight, and for every block the entropy
/// of the layer's level map, as if each block drew its level independently. In bytes.
double entropy_bound(const quant::LevelledWeights& weights);

}  // namespace ns::pack
