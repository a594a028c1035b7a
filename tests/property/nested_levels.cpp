#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "expect_error.h"
#include "ns/base/rng.h"
#include "ns/nested/assign_levels.h"
#include "ns/nested/gradient_routing.h"
#include "ns/nested/magnitude.h"

using namespace ns::nested;

namespace {

struct Case {
  BlockGrid grid;
  ns::Tensor weight;
  std::vector<double> sparsities;
};

// A random layer, block width and one to eight increasing sparsities that the layer can reach.
Case random_case(ns::Rng& rng) {
  const int width = 1 << rng.below(3);
  const auto extent = [&](std::uint64_t n) { return static_cast<std::int64_t>(1 + rng.below(n)); };
  const ns::Shape shape = rng.below(4) == 0
                              ? ns::Shape{extent(40) + 10, extent(90) + 40}
                              : ns::Shape{extent(33) + 4, extent(64) + 32, extent(3), extent(3)};
  ns::Tensor weight(shape);
  for (float& value : weight.values()) {
    value = rng.normal();
  }
  std::vector<double> sparsities(1 + rng.below(kMaxSubnets));
  for (double& sparsity : sparsities) {
    sparsity = 0.05 + 0.8 * static_cast<double>(rng.uniform());
  }
  std::sort(sparsities.begin(), sparsities.end());
  return {BlockGrid(shape, width), std::move(weight), std::move(sparsities)};
}

}  // namespace

TEST_CASE("subnet k's support lies inside subnet k+1's and every sparsity is exact to one block") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    ns::Rng rng(seed);
    const Case c = random_case(rng);
    const LevelMap map = assign_levels("layer", c.grid, magnitude_scores(c.weight, c.grid), c.sparsities);
    const int subnets = map.subnets();
    REQUIRE(subnets == static_cast<int>(c.sparsities.size()));
    ns::Tensor inner(c.grid.weight_shape());
    for (int k = 1; k <= subnets; ++k) {
      const ns::Tensor mask = map.mask(k);
      double kept = 0;
      bool inside = true;
      for (std::int64_t i = 0; i < mask.size(); ++i) {
        inside = inside && inner[i] <= mask[i];
        kept += double{mask[i]};
      }
      CHECK(inside);
      const double wanted = 1.0 - c.sparsities[static_cast<std::size_t>(subnets - k)];
      CHECK(std::abs(kept - wanted * static_cast<double>(mask.size())) <= c.grid.width());
      CHECK(map.kept_weights(k) == static_cast<std::int64_t>(kept));
      inner = mask;
    }
  }
}

TEST_CASE("no pruned block scores higher than a kept one, and no later level higher than an earlier one") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    ns::Rng rng(seed);
    const Case c = random_case(rng);
    const auto scores = magnitude_scores(c.weight, c.grid);
    const LevelMap map = assign_levels("layer", c.grid, scores, c.sparsities);
    std::vector<float> highest(kMaxSubnets + 2, 0.0f), lowest(kMaxSubnets + 2, INFINITY);
    for (std::size_t block = 0; block < scores.size(); ++block) {
      if (!c.grid.is_partial(static_cast<std::int64_t>(block))) {
        // Level 0 comes after the last subnet's.
        const int level = map.levels()[block];
        const auto rank = static_cast<std::size_t>(level == 0 ? map.subnets() + 1 : level);
        highest[rank] = std::max(highest[rank], scores[block]);
        lowest[rank] = std::min(lowest[rank], scores[block]);
      } else {
        CHECK(map.levels()[block] == 1);
      }
    }
    for (int rank = 2; rank <= map.subnets() + 1; ++rank) {
      CHECK(highest[static_cast<std::size_t>(rank)] <= lowest[static_cast<std::size_t>(rank - 1)]);
    }
  }
}

TEST_CASE("a level map rebuilt from its stored levels is the same") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    ns::Rng rng(seed);
    const Case c = random_case(rng);
    const LevelMap map = assign_levels("layer", c.grid, magnitude_scores(c.weight, c.grid), c.sparsities);
    CHECK(LevelMap(BlockGrid(c.grid.weight_shape(), c.grid.width()), map.subnets(), map.levels()) == map);
    CHECK(ns::element_count(c.grid.shape()) == static_cast<std::int64_t>(map.levels().size()));
  }
}

TEST_CASE("routing shares every used weight's update as its definition says and never touches unused ones") {
  for (int subnets = 1; subnets <= kMaxSubnets; ++subnets) {
    for (int level = 1; level <= subnets; ++level) {
      CAPTURE(subnets);
      CAPTURE(level);
      const auto total = [&](Routing routing) {
        float sum = 0.0f;
        for (int k = 1; k <= subnets; ++k) {
          const float factor = routing_factor(routing, level, k, subnets, true);
          CHECK((k >= level || factor == 0.0f));
          sum += factor;
        }
        return sum;
      };
      CHECK(total(Routing::kSum) == static_cast<float>(subnets - level + 1));
      CHECK(total(Routing::kMean) == doctest::Approx(1.0));
      CHECK(total(Routing::kSparsest) == 1.0f);
      CHECK(total(Routing::kDensest) == 1.0f);
      CHECK(routing_factor(Routing::kSparsest, level, level, subnets, false) == 1.0f);
      CHECK(routing_factor(Routing::kDensest, level, subnets, subnets, false) == 1.0f);
    }
    for (int k = 1; k <= subnets; ++k) {
      CHECK(routing_factor(Routing::kSum, 0, k, subnets, false) == 0.0f);
      CHECK(routing_factor(Routing::kSum, 0, k, subnets, true) == (k == subnets ? 1.0f : 0.0f));
    }
  }
}
