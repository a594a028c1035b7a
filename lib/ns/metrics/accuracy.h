#pragma once

#include <cstdint>
#include <span>

#include "ns/tensor/tensor.h"

namespace ns::metrics {

/// Index of the largest score; of equal ones the lowest, on the host and on the device. `scores` must not be
/// empty.
template <class T>
int argmax(std::span<const T> scores) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < scores.size(); ++i) {
    if (scores[i] > scores[best]) {
      best = i;
    }
  }
  return static_cast<int>(best);
}

/// How many rows of logits [n, classes] have their argmax at the label. Throws Error(kInternal) if there is
/// not one label per row.
std::int64_t count_correct(const Tensor& logits, std::span<const std::int32_t> labels);

}  // namespace ns::metrics
