// How often a subnet is right.
#pragma once

#include <cstddef>
#include <functional>

#include "ns/data/loader.h"
#include "ns/nested/model.h"

namespace ns::train {

/// Runs the selected subnet (float, running batch-norm statistics) on all images in order, some hundred at a
/// time; `first` is the number of the batch's first image.
void for_each_batch(
    nested::Model& model, const data::Dataset& dataset,
    const std::function<void(const Tensor& logits, const data::Batch& batch, std::size_t first)>& f);

/// Top-1 accuracy of subnet k (float, running batch-norm statistics) on every image, 0…1. Throws
/// Error(kInternal) if the data set is empty.
double accuracy(nested::Model& model, int subnet, const data::Dataset& dataset);

}  // namespace ns::train
