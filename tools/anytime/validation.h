// The images that thresholds are calibrated on.
#pragma once

#include <string>

#include "common/option_groups.h"
#include "ns/data/dataset.h"

/// The last `images` training images. `held_out`: so many of them the training of `model` did not see, -1:
/// unknown. Throws ns::Error(kUsage) if that is fewer, or if they are too few to calibrate on.
ns::data::Dataset validation_split(const DataOptions& data, std::size_t images, int held_out,
                                   const std::string& model);
