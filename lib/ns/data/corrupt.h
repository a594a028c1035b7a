#pragma once

#include <span>

#include "ns/augment/corruption.h"
#include "ns/data/dataset.h"

namespace ns::data {

/// The same data set with every image corrupted; deterministic by seed and image number.
Dataset corrupted(const Dataset& dataset, const augment::Corruption& corruption, std::uint64_t seed);

/// Image i gets corruption number i mod (n + 1) of n, and stays clean where there is none of that number: a
/// split that stands for all of them and for clean images alike.
Dataset corrupted_in_turn(const Dataset& dataset, std::span<const augment::Corruption> corruptions,
                          std::uint64_t seed);

}  // namespace ns::data
