// Float weights to int8, once for all subnets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/nested/level_map.h"
#include "ns/quant/quantised_network.h"
#include "ns/quant/requant_table.h"
#include "ns/tensor/tensor.h"

namespace ns::quant {

struct QuantisedWeights {
  LevelledWeights weights;
  std::vector<double> scales;  ///< by output channel; 0 for a row without weights
};

/// Symmetric per output channel, −127…127, scaled by the largest weight of level > 0. Blocks of level > 0
/// stay entries even where they become zero. `map` is null for a dense layer; `shape` are the weights'
/// extents as [co][ci][kh][kw]. With `whole`, whose first rows and columns these weights are, every row is
/// scaled by the largest weight of the whole row, so that its integers are the first ones of the whole's.
/// Throws Error(kInput) naming `layer` if a weight is not finite.
QuantisedWeights quantise_weights(const std::string& layer, const Tensor& values, const WeightShape& shape,
                                  const nested::LevelMap* map, int subnets, const Tensor* whole = nullptr);

/// By output channel, what rounding the weights of level 1…subnet takes from the mean of Σ w·x: Σ (w −
/// s·q)·mean of x. `inputs` are the means of what each weight of a row multiplies, [ci][kh][kw], or, if the
/// rows multiply different inputs (depthwise), of every row's, [co][ci][kh][kw].
std::vector<double> mean_rounding_errors(const Tensor& values, const LevelledWeights& weights,
                                         std::span<const double> scales, int subnet,
                                         std::span<const double> inputs);

/// Σq and Σ|q| of every row over the weights of level 1…subnet.
std::vector<RowSums> row_sums(const LevelledWeights& weights, int subnet);

}  // namespace ns::quant
