// How often a subnet is right.
#pragma once

#include "ns/data/dataset.h"
#include "ns/nested/model.h"

namespace ns::train {

/// Top-1 accuracy of subnet k (float, running batch-norm statistics) on every image, 0…1. Throws
/// Error(kInternal) if the data set is empty.
double accuracy(nested::Model& model, int subnet, const data::Dataset& dataset);

}  // namespace ns::train
