// The float checkpoint's accuracy beside the packed model's: what quantisation costs.
#pragma once

#include <string>
#include <vector>

#include "ns/data/dataset.h"

/// Top-1 accuracy of every subnet (index k − 1) on the first `count` images (0: all). Throws
/// ns::Error(kUsage) in a build without training, ns::Error(kInput) for a bad checkpoint or one of other
/// classes or inputs.
std::vector<double> float_accuracies(const std::string& checkpoint, const ns::data::Dataset& dataset,
                                     std::size_t count);
