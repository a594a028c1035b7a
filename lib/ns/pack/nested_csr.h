// Nested CSR with 8-bit gaps, encoding 3 of docs/format/nsm.md: the sparse rows of all nested subnets, stored
// once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/quant/levelled_weights.h"

namespace ns::pack {

using quant::LevelledWeights;
using quant::WeightShape;

/// The bytes of the counts [co][levels] (u16, zero-filled to 4 bytes) followed by the records of every row
/// and level. A block of level > 0 is always an entry, even if its weights are zero. Throws Error(kInternal)
/// when arrays and shape disagree or a weight of level 0 is not zero, Error(kInput) when a row and level has
/// more than 65535 records.
std::vector<std::uint8_t> encode_nested_csr(const LevelledWeights& weights);

/// The inverse. A record with gap 255 and zero weights counts as a bridge, not as an entry, unless it ends
/// its list: an entry of that kind and a bridge are the same bytes and compute the same. Throws Error(kInput)
/// naming row and level for bytes that break the format.
LevelledWeights decode_nested_csr(std::span<const std::uint8_t> bytes, const WeightShape& shape, int block,
                                  int levels);

/// Size of encode_nested_csr's result without producing it.
std::size_t nested_csr_bytes(const LevelledWeights& weights);

}  // namespace ns::pack
