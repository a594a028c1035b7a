#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "ns/arch/registry.h"
#include "ns/base/rng.h"
#include "ns/nested/block_budget.h"

using namespace ns::nested;

namespace {

constexpr AllocationMethod kMethods[] = {AllocationMethod::kErk, AllocationMethod::kGlobal,
                                         AllocationMethod::kCost, AllocationMethod::kFlash};

struct Sample {
  std::vector<LayerBlocks> layers;
  int width;
};

Sample random_layers(ns::Rng& rng) {
  Sample sample{{}, 1 << rng.below(3)};
  std::vector<double> sparsities(1 + rng.below(kMaxSubnets));
  for (double& sparsity : sparsities) {
    sparsity = 0.05 + 0.75 * static_cast<double>(rng.uniform());
  }
  std::sort(sparsities.begin(), sparsities.end());
  for (std::uint64_t i = 0, count = 2 + rng.below(5); i < count; ++i) {
    const auto kernel = static_cast<std::int64_t>(1 + rng.below(3));
    const ns::Shape shape{static_cast<std::int64_t>(8 + rng.below(24)),
                          static_cast<std::int64_t>(16 + rng.below(30)), kernel, kernel};
    const BlockGrid grid(shape, sample.width);
    const float scale = std::exp(2.0f * rng.normal());
    LayerBlocks layer{
        "layer" + std::to_string(i), grid, {}, 0, 12.0 + std::pow(4.0, double(rng.below(6))), sparsities};
    for (std::int64_t block = 0; block < grid.block_count(); ++block) {
      const float score = scale * std::abs(rng.normal());
      layer.energy += double{score} * double{score} * double(grid.weights_in(block));
      if (!grid.is_partial(block)) {
        layer.scores.push_back(score);
      }
    }
    std::sort(layer.scores.rbegin(), layer.scores.rend());
    sample.layers.push_back(std::move(layer));
  }
  return sample;
}

}  // namespace

TEST_CASE("every allocation nests, meets each subnet's total or cost to half a block and starves no layer") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    ns::Rng rng(seed);
    const Sample sample = random_layers(rng);
    const std::size_t subnets = sample.layers[0].sparsities.size();
    for (const AllocationMethod method : kMethods) {
      CAPTURE(static_cast<int>(method));
      const auto kept = share_blocks(sample.layers, {method, 1.0}, 0.999);
      for (std::size_t k = 0; k < subnets; ++k) {
        double wanted = 0, found = 0, costliest = 1;
        for (std::size_t i = 0; i < sample.layers.size(); ++i) {
          const LayerBlocks& layer = sample.layers[i];
          const double density = 1.0 - layer.sparsities[subnets - 1 - k];
          const double price = method == AllocationMethod::kCost ? layer.cost_per_weight : 1;
          wanted += price * density * static_cast<double>(layer.grid.weight_count());
          found += price * static_cast<double>(kept[i][k] * sample.width + layer.partial_weights());
          costliest = std::max(costliest, price);
          CHECK(kept[i][k] <= std::ssize(layer.scores));
          CHECK(kept[i][k] >= (k > 0 ? kept[i][k - 1] : 1));
          if (k == 0) {  // denser ones inherit its floor; theirs may lack room between close sparsities
            CHECK(kept[i][k] >= std::floor(kDensityFloor * density * double(layer.scores.size())));
          }
        }
        CHECK(std::abs(found - wanted) <= 0.5 * sample.width * costliest + 1e-6);
      }
    }
  }
}

TEST_CASE(
    "a smaller budget costs less and keeps a smaller product of energies, but the largest at that price") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    ns::Rng rng(seed);
    Sample sample = random_layers(rng);
    for (LayerBlocks& layer : sample.layers) {
      layer.sparsities = {0.6};
    }
    const auto weighed = [&](const std::vector<std::vector<std::int64_t>>& kept, auto price) {
      double cost = 0, product = 0;  // its logarithm
      for (std::size_t i = 0; i < kept.size(); ++i) {
        const LayerBlocks& layer = sample.layers[i];
        cost += price(layer) * double(kept[i][0]);
        double lost = 0;
        for (std::int64_t block = kept[i][0]; block < std::ssize(layer.scores); ++block) {
          const double score = double{layer.scores[static_cast<std::size_t>(block)]};
          lost += score * score * sample.width / layer.energy;
        }
        product += std::log(1 - lost);
      }
      return std::pair(cost, product);
    };
    for (const AllocationMethod method : {AllocationMethod::kCost, AllocationMethod::kFlash}) {
      CAPTURE(static_cast<int>(method));
      const auto price = [&](const LayerBlocks& layer) {
        return method == AllocationMethod::kCost ? layer.cost_per_weight : 1.0;
      };
      std::pair<double, double> last{INFINITY, INFINITY};
      for (const double budget : {2.0, 1.0, 0.95, 0.9}) {
        const auto found = weighed(share_blocks(sample.layers, {method, budget}, 0.999), price);
        CHECK(found.first < last.first);
        CHECK(found.second < last.second);
        last = found;
      }
      // No other allocation that costs as little keeps more.
      for (const AllocationMethod rival : {AllocationMethod::kErk, AllocationMethod::kGlobal}) {
        const auto [cost, product] = weighed(share_blocks(sample.layers, {rival, 1.0}, 0.999), price);
        CHECK((cost > last.first || product < last.second));
      }
    }
  }
}

TEST_CASE(
    "level maps of a whole network keep what the sparsities ask for, in total or its cost, at every stage") {
  const ns::nn::Network network(ns::arch::build("resnet8", {16, 16, 3}, 10, 0.5), 3, 5);
  const std::vector<double> sparsities{0.6, 0.8, 0.9};
  const ns::nn::Graph& graph = network.graph();
  const auto allocation = uniform_allocation(graph, default_dense_layers(), sparsities);
  const auto shapes = graph.infer_shapes();
  for (const AllocationMethod method : kMethods) {
    CAPTURE(static_cast<int>(method));
    const auto price = [&](const std::string& weight) {
      const auto& out = shapes[std::size_t(graph.index_of(weight.substr(0, weight.rfind('.'))))];
      return method == AllocationMethod::kCost ? double(out.h) * out.w + kDecodePixels : 1.0;
    };
    for (const double fraction : {0.0, 0.4, 1.0}) {
      CAPTURE(fraction);
      const LevelMaps maps = magnitude_levels(network, allocation, 2, fraction, {method, 1.0});
      CHECK(maps.size() == allocation.size());
      for (int subnet = 1; subnet <= 3; ++subnet) {
        double kept = 0, weights = 0, costliest = 0;
        for (const auto& [name, map] : maps) {
          kept += price(name) * double(map.kept_weights(subnet));
          weights += price(name) * double(map.grid().weight_count());
          costliest = std::max(costliest, price(name));
          CHECK(map.kept_weights(subnet) > 0);
        }
        const double density = 1 - fraction * sparsities[std::size_t(3 - subnet)];
        CHECK(std::abs(kept - density * weights) <= costliest + 1e-6);
      }
    }
  }
}
