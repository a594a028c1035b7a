// Requantisation tables as bytes (docs/format/nsm.md, REQT).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/quant/quantised_network.h"

namespace ns::pack {

/// The numbers are those of docs/format/nsm.md; flags.
enum TableForm : std::uint8_t { kWideTables = 0, kNarrowMultipliers = 1, kNarrowBiases = 2 };

/// The shortest form that holds all of an operator's tables, one per subnet, exactly; wide for those without
/// rows, and for a fully connected layer: a row serves one output there, and unpacking it would cost more
/// instructions than a short dot product.
std::uint8_t table_form(const quant::QuantisedOperator& op);

/// The operator's tables one after the other.
std::vector<std::uint8_t> encode_tables(const quant::QuantisedOperator& op, std::uint8_t form);

}  // namespace ns::pack
