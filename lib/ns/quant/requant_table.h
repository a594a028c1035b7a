// The integer tables that turn accumulators into outputs, one per operator and subnet (docs/numerics.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ns/quant/quantised_network.h"

namespace ns::quant {

/// What a layer with weights computes in one subnet, in real numbers, row by row:
/// y = gain·(Σ w·x) + offset, with w = weight_scale·q_w. Batch-norm enters here and never the weights: gain =
/// γ/σ, offset = β − γμ/σ + γ·b/σ.
struct RowFunction {
  double weight_scale = 0, gain = 1, offset = 0;
};

/// Sums over the weights that the subnet uses.
struct RowSums {
  std::int64_t sum = 0, absolute = 0;  ///< Σq_w, Σ|q_w|
};

/// The smallest output scale for which every multiplier stays below 2^31.
double least_output_scale(std::span<const RowFunction> rows, std::span<const RowSums> sums,
                          double input_scale);

/// Multiplier and bias of every row. A row whose weights are all zero gets a constant; a multiplier below 512
/// in magnitude (γ ≈ 0) is raised as far as an int32 bias needs to reach the constant. Multipliers are
/// rounded to 16 bits times a power of two that all rows share, unless that could move an int8 output by more
/// than 1/8 of a step at full swing; biases likewise, at 1/16; logits by 1/256. That halves what they take
/// (docs/format/nsm.md). Then |acc + bias| < 2^31 for every input. `int16_output`: zero point 0 and the range
/// of int16. Throws Error(kInput) naming `layer` if a multiplier would reach 2^31 (only possible with a given
/// output scale, that of the logits) or the sum may overflow. All that also holds for the table's multipliers
/// times any factor up to `most_factor`, which those of a gated convolution meet.
RowTable row_table(const std::string& layer, std::span<const RowFunction> rows, std::span<const RowSums> sums,
                   const Affine& input, const Affine& output, bool int16_output, int most_factor = 1);

/// Mean over `count` pixels. Throws Error(kInput) naming `layer` if the sum may overflow.
AvgPoolTable avg_pool_table(const std::string& layer, int count, const Affine& input, const Affine& output);

/// Throws Error(kInput) naming `layer` if an input's scale is 2^15 times the output's or more.
AddTable add_table(const std::string& layer, const Affine& a, const Affine& b, const Affine& output);

/// Throws Error(kInput) naming `layer` if an input's scale is 2^15 times the output's or more.
ConcatTable concat_table(const std::string& layer, const Affine& a, const Affine& b, const Affine& output);

/// Scale and zero point that cover low…high (low ≤ 0 ≤ high, 0 exactly representable) in steps of at least
/// `least_scale`. After a ReLU the zero point is −128.
Affine affine_for(double low, double high, bool after_relu, double least_scale = 0);

}  // namespace ns::quant
