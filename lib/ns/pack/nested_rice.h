// Nested weights with Rice-coded gaps, encoding 4 of docs/format/nsm.md: one stream per level, about a
// quarter of a byte less per block than encoding 3 and within two per cent of what the level map's entropy
// allows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/quant/levelled_weights.h"

namespace ns::pack {

using quant::LevelledWeights;
using quant::WeightShape;

/// Each level takes the number of low bits that makes it smallest. A block of level > 0 is always an entry.
/// Throws Error(kInternal) when arrays and shape disagree or a weight of level 0 is not zero, Error(kInput)
/// when a row and level has more than 65535 records.
std::vector<std::uint8_t> encode_nested_rice(const LevelledWeights& weights);

/// The inverse. A record with the longest gap and zero weights counts as a bridge unless it ends its list.
/// Throws Error(kInput) naming row and level for bytes that break the format.
LevelledWeights decode_nested_rice(std::span<const std::uint8_t> bytes, const WeightShape& shape, int block,
                                   int levels);

/// Where encoded bytes go.
struct RicePayload {
  std::size_t values = 0, indices = 0, counters = 0;  ///< heads and filling are counters
};
RicePayload rice_payload(std::span<const std::uint8_t> bytes, int block, int levels);

}  // namespace ns::pack
