// Chooses the encoding of a layer's weights.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ns/quant/quantised_network.h"
#include "runtime/kernels/kernels.h"

namespace ns::pack {

/// The numbers are those of docs/format/nsm.md.
enum class Encoding : std::uint8_t {
  kNone = 0,
  kDenseQuads = 1,
  kDenseRows = 2,
  kNestedCsr = 3,
  kNestedRice = 4,
  kBinary = 5
};

inline bool is_nested(Encoding encoding) {
  return encoding == Encoding::kNestedCsr || encoding == Encoding::kNestedRice;
}

/// What the choice minimises.
enum class Objective {
  kSpeed,     ///< instructions
  kBalanced,  ///< instructions · bytes²: a percent of flash is worth two percent of time
  kFlash,     ///< bytes
};

/// "speed", "balanced", "flash". Throws Error(kUsage) for any other word.
Objective parse_objective(const std::string& word);

struct EncodedWeights {
  Encoding encoding = Encoding::kNone;
  std::vector<std::uint8_t> bytes;
};

/// The encoding with the least cost (layer_cost.h) of those that can hold the layer: dense where all subnets
/// use the same weights, the two nested ones where it is no depthwise convolution; a binary layer has one.
/// Throws Error(kInput) naming the layer if it is depthwise and differs between subnets.
EncodedWeights encode_weights(const quant::QuantisedOperator& op, const nsrt::Window& window,
                              Objective objective);

/// Bytes of the layer's weights if every one were stored (encoding 1, 2 or 5).
std::size_t dense_bytes(const quant::QuantisedOperator& op);

}  // namespace ns::pack
