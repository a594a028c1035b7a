// A loss that keeps the members of an ensemble apart.
#pragma once

#include <vector>

#include "ns/tensor/tensor.h"

namespace ns::binary {

/// weight · mean over the images and the pairs of members of the cosine between their features. `features`
/// are the outputs of two or more members, [n, …] of one shape; `gradients` become d loss / d features. Where
/// a feature vector is zero its cosine counts as zero.
double similarity_loss(const std::vector<const Tensor*>& features, double weight,
                       std::vector<Tensor>& gradients);

}  // namespace ns::binary
