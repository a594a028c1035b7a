// What a layer costs on the Cortex-M7 in each encoding of its weights, for the packer to choose.
#pragma once

#include "ns/pack/encoding.h"
#include "runtime/kernels/kernels.h"

namespace ns::pack {

/// Executed instructions of one inference of the densest subnet, as a model of the kernels' loops predicts
/// them: what the emulated core counts per record, row and tile, times how often that runs. For comparisons
/// between encodings, not for reports.
double instructions(const nsrt::Window& window, const quant::QuantisedOperator& op, Encoding encoding);

}  // namespace ns::pack
