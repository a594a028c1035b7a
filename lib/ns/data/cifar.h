// The binary version of CIFAR-10 (https://www.cs.toronto.edu/~kriz/cifar.html).
#pragma once

#include <span>
#include <string>

#include "ns/data/dataset.h"

namespace ns::data {

/// Reads files of records of one label byte and 3072 pixel bytes (the red, green and blue plane, 32 × 32
/// each) and interleaves the planes. Fills shape, pixels and labels only. Throws Error(kInput) naming the
/// file if one is missing, empty or not a whole number of records, or if a label is not below 10, with the
/// index of its record.
Dataset read_cifar10(std::span<const std::string> paths);

}  // namespace ns::data
