// Importance of a block by the size of its weights.
#pragma once

#include <vector>

#include "ns/nested/block_grid.h"

namespace ns::nested {

/// Root mean square of each block's weights, in the grid's order: L2 norm over √(number of weights), so that
/// partial blocks and blocks of different widths compare.
std::vector<float> magnitude_scores(const Tensor& weight, const BlockGrid& grid);

}  // namespace ns::nested
