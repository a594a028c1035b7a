#pragma once

#include "ns/augment/corruption.h"
#include "ns/data/dataset.h"

namespace ns::data {

/// The same data set with every image corrupted; deterministic by seed and image number.
Dataset corrupted(const Dataset& dataset, const augment::Corruption& corruption, std::uint64_t seed);

}  // namespace ns::data
