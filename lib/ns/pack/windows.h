// The runtime's view of an operator's geometry.
#pragma once

#include "ns/quant/quantised_network.h"
#include "runtime/kernels/kernels.h"

namespace ns::pack {

/// Throws Error(kInput) naming the layer if an extent does not fit the packed model (16 bits; kernels,
/// strides and padding 8 bits).
nsrt::Window window_of(const quant::QuantisedNetwork& network, const quant::QuantisedOperator& op);

/// Arena bytes that the operator needs besides its tensors: its M7 kernel's, and its widened tables.
std::uint32_t scratch_bytes(const quant::QuantisedNetwork& network, const quant::QuantisedOperator& op,
                            bool nested);

}  // namespace ns::pack
