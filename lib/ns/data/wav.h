#pragma once

#include <string>
#include <vector>

namespace ns::data {

/// Samples of a recording of one channel, −1 … 1. Throws Error(kInput) naming the file: missing, empty, cut
/// short, no format that libsndfile knows, of another sampling rate (nothing is resampled) or of several
/// channels; Error(kUsage) in a build without libsndfile.
std::vector<float> read_recording(const std::string& path, int samples_per_second);

}  // namespace ns::data
