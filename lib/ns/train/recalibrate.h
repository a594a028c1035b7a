// Batch-norm statistics of the final weights instead of running averages over the last steps.
#pragma once

#include "ns/data/dataset.h"
#include "ns/nested/model.h"

namespace ns::train {

/// Replaces the running statistics of every subnet's bank by the mean of the batch statistics over the first
/// `images` images (all if there are fewer), without augmentation.
void recalibrate_batch_norm(nested::Model& model, const data::Dataset& dataset, std::size_t images);

}  // namespace ns::train
