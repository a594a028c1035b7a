#include "ns/nested/assign_levels.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ns/base/error.h"
#include "ns/base/json.h"

namespace ns::nested {
namespace {

std::string text_of(double number) {
  return canonical_dump(number);
}

// Number of whole blocks a layer keeps at a sparsity.
std::int64_t kept_blocks(const std::string& layer, const BlockGrid& grid, std::int64_t partial_weights,
                         double sparsity) {
  const auto wanted = (1.0 - sparsity) * static_cast<double>(grid.weight_count());
  const std::int64_t blocks = std::llround((wanted - static_cast<double>(partial_weights)) / grid.width());
  const std::string hint = "list the layer under dense_layers or lower the sparsity";
  if (blocks < 0) {
    throw usage_error("layer " + layer + ": sparsity " + text_of(sparsity) +
                          " is out of reach: " + std::to_string(partial_weights) + " of its " +
                          std::to_string(grid.weight_count()) + " weights are in partial blocks, which stay",
                      hint);
  }
  if (blocks == 0 && partial_weights == 0) {
    throw usage_error("layer " + layer + ": sparsity " + text_of(sparsity) + " leaves none of its " +
                          std::to_string(grid.block_count()) + " blocks",
                      hint);
  }
  return blocks;
}

}  // namespace

void check_sparsities(std::span<const double> sparsities) {
  if (sparsities.empty() || sparsities.size() > kMaxSubnets) {
    throw usage_error("sparsities: expected 1 to " + std::to_string(kMaxSubnets) + " values, found " +
                      std::to_string(sparsities.size()));
  }
  for (std::size_t i = 0; i < sparsities.size(); ++i) {
    if (!(sparsities[i] > 0.0 && sparsities[i] < 1.0)) {
      throw usage_error("sparsities: value " + std::to_string(i + 1) + " is " +
                            std::to_string(sparsities[i]) + ", expected more than 0 and less than 1",
                        "a sparsity is the fraction of weights removed, e.g. 0.9");
    }
    if (i > 0 && sparsities[i] <= sparsities[i - 1]) {
      throw usage_error("sparsities: " + text_of(sparsities[i]) + " follows " + text_of(sparsities[i - 1]) +
                            ", expected increasing values",
                        "list the densest subnet first, e.g. 0.7, 0.8, 0.9");
    }
  }
}

void check_finite(const std::string& layer, std::span<const float> scores) {
  if (!std::all_of(scores.begin(), scores.end(), [](float score) { return std::isfinite(score); })) {
    throw input_error("layer " + layer + ": a weight is not finite");
  }
}

LevelMap assign_levels(const std::string& layer, const BlockGrid& grid, std::span<const float> scores,
                       std::span<const double> sparsities) {
  if (static_cast<std::int64_t>(scores.size()) != grid.block_count()) {
    throw internal_error("layer " + layer + ": one score per block expected");
  }
  check_finite(layer, scores);
  std::int64_t partial_weights = 0;
  for (std::int64_t block = 0; block < grid.block_count(); ++block) {
    partial_weights += grid.is_partial(block) ? grid.weights_in(block) : 0;
  }
  std::vector<std::int64_t> kept;
  for (auto sparsity = sparsities.rbegin(); sparsity != sparsities.rend(); ++sparsity) {
    kept.push_back(kept_blocks(layer, grid, partial_weights, *sparsity));
  }
  return assign_kept_blocks(grid, scores, kept);
}

LevelMap assign_kept_blocks(const BlockGrid& grid, std::span<const float> scores,
                            std::span<const std::int64_t> kept) {
  std::vector<std::uint8_t> levels(scores.size(), 0);
  std::vector<std::int64_t> order;
  order.reserve(scores.size());
  for (std::int64_t block = 0; block < grid.block_count(); ++block) {
    if (grid.is_partial(block)) {
      levels[static_cast<std::size_t>(block)] = 1;
    } else {
      order.push_back(block);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  std::int64_t next = 0;
  for (std::size_t subnet = 0; subnet < kept.size(); ++subnet) {
    for (; next < kept[subnet]; ++next) {
      levels[static_cast<std::size_t>(order[static_cast<std::size_t>(next)])] =
          static_cast<std::uint8_t>(subnet + 1);
    }
  }
  return LevelMap(grid, static_cast<int>(kept.size()), std::move(levels));
}

}  // namespace ns::nested
