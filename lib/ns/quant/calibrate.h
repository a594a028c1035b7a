// What values each tensor of a subnet takes.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ns/nested/model.h"
#include "ns/quant/lowering.h"

namespace ns::quant {

/// Real values low…high, low ≤ 0 ≤ high.
struct Range {
  double low = 0, high = 0;
};

/// Called with the number of images done and the total of both passes.
using CalibrationProgress = std::function<void(std::int64_t done, std::int64_t total)>;

/// Of the values of one tensor in one subnet.
struct TensorStatistics {
  Range range;               ///< that quantises them to 8 bits with the least squared error
  std::vector<double> mean;  ///< [h, w, c], over the images
};

/// Statistics of the lowered graph's tensors (the input's range is left empty: it is known exactly; a part of
/// a concatenation has those of the whole) for one subnet, from a batch of images [n,h,w,c] as the network
/// takes them. Runs in evaluation mode; leaves the subnet selected.
std::vector<TensorStatistics> calibrate(nested::Model& model, const LoweredGraph& lowered, int subnet,
                                        const Tensor& images, const CalibrationProgress& progress = {});

}  // namespace ns::quant
