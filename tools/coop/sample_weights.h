// Which training images the last partner is needed for.
#pragma once

#include <string>

#include "coop/partners.h"

/// A line for each image of the training part: half of the weights is spread evenly, half as the partner
/// before the last is unsure of the image, 1/2 + 1/2 (1 - p) / mean(1 - p) with its answer's probability p.
std::string sample_weight_lines(const CoopOptions& options, const Partners& partners);
