// Dense weight encodings 1 and 2 of docs/format/nsm.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/quant/levelled_weights.h"

namespace ns::pack {

using quant::WeightShape;

/// Encoding 1, convolutions: channel pairs of two consecutive positions interleaved into four bytes, so that
/// one word gives both operands of two dual MACs. `values` is [co][ci][kh][kw]; a missing channel or position
/// is zero.
std::vector<std::uint8_t> encode_dense_quads(std::span<const std::int8_t> values, const WeightShape& shape);
std::vector<std::int8_t> decode_dense_quads(std::span<const std::uint8_t> bytes, const WeightShape& shape);

/// Encoding 2, depthwise and linear: rows in order, each zero-filled to a multiple of 4 bytes.
std::vector<std::uint8_t> encode_dense_rows(std::span<const std::int8_t> values, const WeightShape& shape);
std::vector<std::int8_t> decode_dense_rows(std::span<const std::uint8_t> bytes, const WeightShape& shape);

}  // namespace ns::pack
