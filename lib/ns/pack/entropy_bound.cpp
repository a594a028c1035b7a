#include "ns/pack/entropy_bound.h"

#include <algorithm>
#include <cmath>

namespace ns::pack {

std::size_t kept_weights(const quant::LevelledWeights& weights, int subnet) {
  const quant::WeightShape& shape = weights.shape;
  const std::size_t positions = shape.positions(weights.block), taps = shape.taps(),
                    block = static_cast<std::size_t>(weights.block);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < weights.level.size(); ++i) {
    if (weights.level[i] == 0 || weights.level[i] > subnet) continue;
    const std::size_t first_channel = i % positions / taps * block;
    kept += std::min(block, static_cast<std::size_t>(shape.ci) - first_channel);
  }
  return kept;
}

double entropy_bound(const quant::LevelledWeights& weights) {
  std::vector<double> share(static_cast<std::size_t>(weights.levels) + 1);
  const double blocks = static_cast<double>(weights.level.size());
  for (const std::uint8_t level : weights.level) share[level] += 1 / blocks;
  double bits = 0;
  for (const double p : share)
    if (p > 0) bits -= p * std::log2(p);
  return static_cast<double>(kept_weights(weights, weights.levels)) + blocks * bits / 8;
}

}  // namespace ns::pack
