// Chooses the encoding of a layer's weights.
#pragma once

#include <cstdint>
#include <vector>

#include "ns/quant/quantised_network.h"

namespace ns::pack {

/// The numbers are those of docs/format/nsm.md.
enum class Encoding : std::uint8_t { kNone = 0, kDenseQuads = 1, kDenseRows = 2, kNestedCsr = 3 };

struct EncodedWeights {
  Encoding encoding = Encoding::kNone;
  std::vector<std::uint8_t> bytes;
};

/// Dense where all subnets use the same weights and nested CSR would not be smaller; depthwise always dense.
/// Throws Error(kInput) naming the layer if it is depthwise and differs between subnets.
EncodedWeights encode_weights(const quant::QuantisedOperator& op);

/// Bytes of the layer's weights if every one were stored (encoding 1 or 2).
std::size_t dense_bytes(const quant::QuantisedOperator& op);

/// Weights that subnet k uses (level 1…k), quantised zeros included.
std::size_t kept_weights(const quant::LevelledWeights& weights, int subnet);

}  // namespace ns::pack
