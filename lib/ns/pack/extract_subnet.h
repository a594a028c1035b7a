// One subnet of a nested network as a network of its own.
#pragma once

#include "ns/quant/quantised_network.h"

namespace ns::pack {

/// Subnet k alone: its weights, its tables, one subnet. Computes what subnet k computes, bit for bit. Throws
/// Error(kUsage) if there is no such subnet.
quant::QuantisedNetwork extract_subnet(const quant::QuantisedNetwork& network, int subnet);

}  // namespace ns::pack
