// The float checkpoint's accuracy beside the packed model's: what quantisation costs.
#pragma once

#include <string>
#include <vector>

#include "ns/data/dataset.h"

/// Top-1 accuracy of every subnet (index k − 1) on the first `count` images (0: all); of an ensemble's member
/// `member` alone, from 1, if it is not 0. Throws ns::Error(kUsage) in a build without training or for a
/// member that is not there, ns::Error(kInput) for a bad checkpoint or one of other classes or inputs.
std::vector<double> float_accuracies(const std::string& checkpoint, int member,
                                     const ns::data::Dataset& dataset, std::size_t count);
