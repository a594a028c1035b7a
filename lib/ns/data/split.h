#pragma once

#include "ns/data/dataset.h"

namespace ns::data {

struct Split {
  Dataset train, validation;
};

/// The last `count` images become the validation set, the same ones in every run. Throws Error(kUsage) unless
/// 0 < count < size.
Split hold_out_last(Dataset dataset, std::size_t count);

/// The first `count` images, for quick experiments. Throws Error(kUsage) unless 0 < count <= size.
Dataset take_first(Dataset dataset, std::size_t count);

}  // namespace ns::data
