// What a network with binary layers takes, by layer and by kind of number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ns/nn/graph.h"

namespace ns::binary {

struct LayerCost {
  std::string name;
  bool binary = false;       ///< its weights are one bit each, its products XNORs
  std::int64_t weights = 0;  ///< one bit each, or int8 when packed and float32 before
  std::int64_t words = 0;    ///< 32-bit numbers beside them: a bias or offset and a factor per channel
  std::int64_t macs = 0;     ///< for one image

  std::int64_t weight_bytes(bool packed) const {
    return binary ? (weights + 7) / 8 : weights * (packed ? 1 : 4);
  }
  std::int64_t bytes(bool packed) const { return weight_bytes(packed) + 4 * words; }
};

/// Every layer with weights or other numbers, in order; a batch-norm has two per channel once its statistics
/// are folded in. These are counts of numbers, not of a file: ns-pack reports what a packed model takes.
std::vector<LayerCost> layer_costs(const nn::Graph& graph);

struct TotalCost {
  std::int64_t binary_bytes = 0;  ///< 1-bit weights
  std::int64_t int8_bytes = 0;    ///< the other weights, packed
  std::int64_t word_bytes = 0;    ///< 32-bit numbers
  std::int64_t binary_macs = 0, real_macs = 0;

  std::int64_t packed_bytes() const { return binary_bytes + int8_bytes + word_bytes; }
  /// With 32-bit numbers for everything that is not binary, as it was trained.
  std::int64_t float_bytes() const { return binary_bytes + 4 * int8_bytes + word_bytes; }
};
TotalCost total(const std::vector<LayerCost>& layers);

}  // namespace ns::binary
