// How much each training image counts in the loss, from a text file.
#pragma once

#include <string>

#include "ns/data/dataset.h"

namespace ns::data {

/// Reads one number per line, in the order of the images of the whole training part (before any are held
/// out), into `training_set`, divided by their mean. Throws Error(kInput) naming file, line, expected and
/// found for a number that is missing, negative or not finite, another count of lines, or numbers that are
/// all 0; Error(kUsage) for a detection set, whose loss is a mean over objects.
void read_sample_weights(const std::string& path, Dataset& training_set);

}  // namespace ns::data
