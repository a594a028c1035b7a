// What a layer costs on the Cortex-M7 in each encoding of its weights, for the packer to choose.
#pragma once

#include "ns/pack/encoding.h"
#include "runtime/kernels/kernels.h"

namespace ns::pack {

/// Executed instructions of one inference of the densest subnet, as a model of the kernels' loops predicts
/// them: counted instructions per record, row and tile times how often they run. Within a tenth of what the
/// emulated core counts (tests/target/layer_cost.cpp); good for comparisons only.
double instructions(const nsrt::Window& window, const quant::QuantisedOperator& op, Encoding encoding);

}  // namespace ns::pack
