#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "expect_error.h"
#include "ns/nested/assign_levels.h"
#include "ns/nested/gradient_routing.h"
#include "ns/nested/magnitude.h"
#include "ns/nested/pruning_schedule.h"

using namespace ns::nested;

TEST_CASE("blocks join adjacent input channels at one kernel tap") {
  const BlockGrid grid({2, 5, 1, 3}, 2);
  CHECK(grid.shape() == ns::Shape{2, 3, 1, 3});
  CHECK(grid.block_of(0) == 0);   // o 0, channel 0, tap 0
  CHECK(grid.block_of(3) == 0);   // channel 1, tap 0
  CHECK(grid.block_of(1) == 1);   // channel 0, tap 1
  CHECK(grid.block_of(6) == 3);   // channel 2, tap 0
  CHECK(grid.block_of(12) == 6);  // channel 4: the partial block
  CHECK(grid.block_of(15) == 9);  // o 1
  CHECK(grid.weights_in(0) == 2);
  CHECK(grid.is_partial(6));
  CHECK_FALSE(grid.is_partial(9));
  EXPECT_ERROR(BlockGrid({2, 4, 1, 1}, 3), kUsage, "block width 3");
  EXPECT_ERROR(BlockGrid({4}, 2), kInput, "[4]");
}

TEST_CASE("the score of a block is its root mean square") {
  ns::Tensor weight({1, 3, 1, 1});
  weight[0] = 3.0f;
  weight[1] = -4.0f;
  weight[2] = -2.0f;
  const auto scores = magnitude_scores(weight, BlockGrid(weight.shape(), 2));
  CHECK(scores[0] == doctest::Approx(std::sqrt(12.5)));
  CHECK(scores[1] == 2.0f);
}

TEST_CASE("the largest blocks go to the sparsest subnet and ties to the lower index") {
  const BlockGrid grid({1, 10, 1, 1}, 1);
  const std::vector<float> scores{1, 9, 3, 3, 8, 0, 5, 7, 6, 2};
  const LevelMap map = assign_levels("l", grid, scores, std::vector{0.5, 0.7, 0.8});
  CHECK(map.levels() == std::vector<std::uint8_t>{0, 1, 0, 0, 1, 0, 3, 2, 3, 0});
  CHECK(map.sparsity(1) == doctest::Approx(0.8));
  CHECK(map.sparsity(3) == doctest::Approx(0.5));
  const LevelMap tied = assign_levels("l", grid, std::vector<float>(10, 1.0f), std::vector{0.8, 0.9});
  CHECK(tied.levels() == std::vector<std::uint8_t>{1, 2, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("sparsities must be one to eight increasing values inside (0, 1)") {
  EXPECT_ERROR(check_sparsities(std::vector<double>{}), kUsage, "found 0");
  EXPECT_ERROR(check_sparsities(std::vector<double>(9, 0.5)), kUsage, "found 9");
  EXPECT_ERROR(check_sparsities(std::vector{0.7, 0.7}), kUsage, "0.7 follows 0.7");
  EXPECT_ERROR(check_sparsities(std::vector{0.9, 0.8}), kUsage, "0.8 follows 0.9");
  EXPECT_ERROR(check_sparsities(std::vector{0.0, 0.8}), kUsage, "value 1 is 0");
  EXPECT_ERROR(check_sparsities(std::vector{0.7, 1.0}), kUsage, "value 2 is 1");
  EXPECT_ERROR(check_sparsities(std::vector{std::nan("")}), kUsage, "value 1 is");
  CHECK_NOTHROW(check_sparsities(std::vector{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8}));
}

TEST_CASE("a sparsity that leaves a layer empty or that partial blocks forbid names the layer") {
  const BlockGrid small({2, 2, 1, 1}, 2);
  EXPECT_ERROR(assign_levels("res1.conv1", small, std::vector{1.0f, 2.0f}, std::vector{0.8}), kUsage,
               "layer res1.conv1: sparsity 0.8 leaves none of its 2 blocks");
  const BlockGrid depthwise({8, 1, 3, 3}, 2);
  EXPECT_ERROR(assign_levels("dw", depthwise, std::vector<float>(72, 1.0f), std::vector{0.7}), kUsage,
               "layer dw: sparsity 0.7 is out of reach");
  EXPECT_ERROR(assign_levels("l", small, std::vector{1.0f, NAN}, std::vector{0.5}), kInput, "layer l");
}

TEST_CASE("stored levels are checked against grid, subnets and partial blocks") {
  const BlockGrid grid({1, 3, 1, 1}, 2);
  EXPECT_ERROR(LevelMap(grid, 2, {1}), kInput, "expected 2 blocks, found 1");
  EXPECT_ERROR(LevelMap(grid, 2, {3, 1}), kInput, "block 0 has level 3");
  EXPECT_ERROR(LevelMap(grid, 2, {1, 0}), kInput, "block 1 has level 0, but it is a partial block");
  EXPECT_ERROR(LevelMap(grid, 9), kUsage, "9 subnets");
}

TEST_CASE("gradual pruning follows the cubic schedule and freezes at its end") {
  const PruningSchedule schedule(10, 20, 4);
  std::vector<std::int64_t> updates;
  for (std::int64_t step = 0; step < 40; ++step) {
    if (schedule.updates_at(step)) {
      updates.push_back(step);
    }
  }
  CHECK(updates == std::vector<std::int64_t>{10, 14, 18, 20});
  CHECK(schedule.fraction(10) == 0.0);
  CHECK(schedule.fraction(15) == doctest::Approx(0.875));
  CHECK(schedule.fraction(20) == 1.0);
  CHECK_FALSE(schedule.started(9));
  CHECK(schedule.under_way(19));
  CHECK_FALSE(schedule.under_way(20));
  const PruningSchedule at_once(5, 5, 1);
  CHECK(at_once.updates_at(5));
  CHECK(at_once.fraction(5) == 1.0);
  EXPECT_ERROR(PruningSchedule(5, 4, 1), kUsage, "from step 5 to 4");
}

TEST_CASE("routed gradients reach exactly the levels their subnet may teach") {
  const LevelMap map(BlockGrid({1, 3, 1, 1}, 1), 2, {0, 1, 2});
  ns::Tensor grad({1, 3, 1, 1});
  grad.fill(1.0f);
  const auto routed = [&](Routing routing, bool regrow) {
    ns::Tensor total(grad.shape());
    add_routed(map, routing, 1, regrow, grad, total);
    add_routed(map, routing, 2, regrow, grad, total);
    return std::vector<float>(total.values().begin(), total.values().end());
  };
  CHECK(routed(Routing::kSum, false) == std::vector<float>{0, 2, 1});
  CHECK(routed(Routing::kMean, true) == std::vector<float>{1, 1, 1});
  CHECK(routed(Routing::kSparsest, false) == std::vector<float>{0, 1, 1});
  CHECK(routing_from_name("sparsest") == Routing::kSparsest);
  EXPECT_ERROR(routing_from_name("sparse"), kUsage, "routing \"sparse\"");
  EXPECT_ERROR(add_routed(map, Routing::kSum, 1, false, ns::Tensor({3}), grad), kInternal, "[3]");
}

TEST_CASE("agreeing gradients are the sum of those that have the sum's sign") {
  const LevelMap map(BlockGrid({1, 5, 1, 1}, 1), 3, {0, 1, 1, 2, 1});
  ns::Tensor total({1, 5, 1, 1}), opposite({1, 5, 1, 1});
  const std::vector<std::vector<float>> grads{{7, 3, 1, 9, 2}, {7, -1, 1, -4, -2}, {5, 2, -5, 3, 0}};
  for (int subnet = 3; subnet >= 1; --subnet) {
    ns::Tensor grad({1, 5, 1, 1});
    std::copy(grads[static_cast<std::size_t>(subnet - 1)].begin(),
              grads[static_cast<std::size_t>(subnet - 1)].end(), grad.values().begin());
    add_by_sign(&map, subnet, 3, true, grad, total, opposite);
  }
  keep_agreeing(total, opposite);
  // Regrowth from the densest alone; 3 − 1 + 2; 1 + 1 − 5; subnets 2 and 3 alone; 2 − 2 + 0.
  CHECK(std::vector<float>(total.values().begin(), total.values().end()) ==
        std::vector<float>{5, 5, -5, -4, 0});
  CHECK(routing_from_name("agree") == Routing::kAgree);
}
