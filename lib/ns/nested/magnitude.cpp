#include "ns/nested/magnitude.h"

#include <cmath>

#include "ns/base/error.h"

namespace ns::nested {

std::vector<float> magnitude_scores(const Tensor& weight, const BlockGrid& grid) {
  if (weight.shape() != grid.weight_shape()) {
    throw internal_error("weight " + ns::to_string(weight.shape()) + " is not of its grid's shape " +
                         ns::to_string(grid.weight_shape()));
  }
  std::vector<double> squares(static_cast<std::size_t>(grid.block_count()), 0.0);
  for (std::int64_t i = 0; i < weight.size(); ++i) {
    squares[static_cast<std::size_t>(grid.block_of(i))] += double{weight[i]} * double{weight[i]};
  }
  std::vector<float> scores(squares.size());
  for (std::size_t block = 0; block < squares.size(); ++block) {
    const auto count = static_cast<double>(grid.weights_in(static_cast<std::int64_t>(block)));
    scores[block] = static_cast<float>(std::sqrt(squares[block] / count));
  }
  return scores;
}

}  // namespace ns::nested
