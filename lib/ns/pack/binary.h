// Weight encoding 5 of docs/format/nsm.md: one bit per weight.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/quant/levelled_weights.h"

namespace ns::pack {

/// `values` is [co][ci][kh][kw], each −1 or 1 (else Error(kInternal)).
std::vector<std::uint8_t> encode_binary(std::span<const std::int8_t> values, const quant::WeightShape& shape);
std::size_t binary_bytes(const quant::WeightShape& shape);

}  // namespace ns::pack
