#include "ns/nested/allocation.h"

#include <doctest/doctest.h>

#include <numeric>

#include "expect_error.h"
#include "ns/nested/block_budget.h"

using namespace ns::nested;

namespace {

using Counts = std::vector<std::vector<std::int64_t>>;

LayerBlocks layer_of(const ns::Shape& shape, std::vector<float> scores, double cost,
                     std::vector<double> sparsities) {
  const BlockGrid grid(shape, 1);
  scores.resize(static_cast<std::size_t>(grid.block_count()), scores.back());
  double energy = 0;
  for (const float score : scores) {
    energy += double{score} * double{score};
  }
  return {"l" + std::to_string(shape[1]), grid, std::move(scores), energy, cost, std::move(sparsities)};
}

}  // namespace

TEST_CASE("ERK keeps weights in proportion to the sum of a layer's extents, at most all") {
  const std::vector<double> sparsities{0.5, 0.75};
  const std::vector<LayerBlocks> layers{layer_of({4, 4, 1, 1}, {1}, 1, sparsities),
                                        layer_of({8, 12, 1, 1}, {1}, 1, sparsities)};
  // Extents 10 and 22. Of 28 weights: 8.75 and 19.25. Of 56: 17.5, but there are only 16; 40.
  CHECK(share_blocks(layers, {AllocationMethod::kErk}, 1.0) == Counts{{9, 16}, {19, 40}});
}

TEST_CASE("global allocation ranks blocks by magnitude over their layer's root mean square") {
  const std::vector<double> sparsities{0.25, 0.5};
  const std::vector<LayerBlocks> layers{layer_of({1, 4, 1, 1}, {4, 2, 1, 1}, 1, sparsities),
                                        layer_of({4, 1, 1, 1}, {10, 10, 10, 2}, 1, sparsities)};
  // 1.71 0.85 0.43 0.43 and 1.15 1.15 1.15 0.23
  CHECK(share_blocks(layers, {AllocationMethod::kGlobal}, 1.0) == Counts{{1, 3}, {3, 3}});
}

TEST_CASE("a budget of instructions or of flash keeps the largest product of energies, or names the least") {
  const std::vector<double> sparsities{0.25};
  const std::vector<LayerBlocks> layers{layer_of({1, 4, 1, 1}, {4, 2, 1, 1}, 100, sparsities),
                                        layer_of({4, 1, 1, 1}, {10, 10, 10, 2}, 1, sparsities)};
  // Energies grow by the factors 1.25 1.05 1.05 and 2 1.5 1.01. The uniform three and three cost 303.
  CHECK(share_blocks(layers, {AllocationMethod::kCost, 1.0}, 1.0) == Counts{{3}, {4}});
  CHECK(share_blocks(layers, {AllocationMethod::kCost, 0.6}, 1.0) == Counts{{2}, {4}});
  EXPECT_ERROR(share_blocks(layers, {AllocationMethod::kCost, 0.1}, 1.0), kUsage,
               "cost_budget 0.1 is out of reach at sparsity 0.25: the least is 0.334");
  CHECK(share_blocks(layers, {AllocationMethod::kCost, 0.1}, 0.5) == Counts{{2}, {4}});
  CHECK(share_blocks(layers, {AllocationMethod::kFlash, 1.0}, 1.0) == Counts{{3}, {3}});
  CHECK(share_blocks(layers, {AllocationMethod::kFlash, 0.7}, 1.0) == Counts{{1}, {3}});
  EXPECT_ERROR(share_blocks(layers, {AllocationMethod::kFlash, 0.1}, 1.0), kUsage, "the least is 0.334");
  // The sum of shares would be largest with all of the small layer: 4 and 3.
  const std::vector<double> most{0.5625};
  CHECK(share_blocks({layer_of({1, 4, 1, 1}, {2, 1, 1, 1}, 1, most), layer_of({12, 1, 1, 1}, {1}, 1, most)},
                     {AllocationMethod::kFlash, 1.0}, 1.0) == Counts{{2}, {5}});
}

TEST_CASE("no layer dies: a layer of tiny weights keeps a block and a fifth of its share") {
  const std::vector<double> sparsities{0.5};
  std::vector<float> uneven(40, 0.001f);
  uneven[0] = 100.0f;
  const std::vector<LayerBlocks> layers{layer_of({1, 40, 1, 1}, uneven, 1, sparsities),
                                        layer_of({40, 1, 1, 1}, {1}, 1, sparsities)};
  CHECK(share_blocks(layers, {AllocationMethod::kGlobal}, 1.0) == Counts{{4}, {36}});
  const std::vector<double> high{0.99};
  EXPECT_ERROR(share_blocks({layer_of({1, 40, 1, 1}, {1}, 1, high), layer_of({40, 1, 1, 1}, {1}, 1, high)},
                            {AllocationMethod::kErk}, 1.0),
               kUsage, "sparsity 0.99 leaves 1 blocks for 2 layers, which need 2");
}

TEST_CASE("an unknown allocation names the nearest") {
  CHECK(allocation_from_name("cost") == AllocationMethod::kCost);
  EXPECT_ERROR(allocation_from_name("globl"), kUsage, "allocation \"globl\"");
}
