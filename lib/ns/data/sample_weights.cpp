#include "ns/data/sample_weights.h"

#include <charconv>
#include <cmath>
#include <fstream>

#include "ns/base/error.h"
#include "ns/base/sha256.h"

namespace ns::data {

void read_sample_weights(const std::string& path, Dataset& training_set) {
  if (training_set.has_boxes()) {
    throw usage_error(
        path + ": sample weights are for classification, found the boxes of " + training_set.name,
        "a detector learns from objects, not images: train it without --sample-weights");
  }
  std::ifstream file(path);
  if (!file) throw input_error(path + ": cannot be read");
  std::vector<double> values;
  double sum = 0;
  for (std::string line; std::getline(file, line);) {
    double value = 0;
    const char* const end = line.data() + line.size();
    const auto [rest, error] = std::from_chars(line.data(), end, value);
    if (error != std::errc() || rest != end || !std::isfinite(value) || value < 0) {
      throw input_error(path + ": line " + std::to_string(values.size() + 1) +
                        ": expected a weight of at least 0, found \"" + line.substr(0, 40) + "\"");
    }
    values.push_back(value);
    sum += value;
  }
  if (values.size() != training_set.size()) {
    throw input_error(path + ": expected a weight for each of the " + std::to_string(training_set.size()) +
                          " training images of " + training_set.name + ", found " +
                          std::to_string(values.size()),
                      "coop-eval --sample-weights writes them");
  }
  if (!(sum > 0) || !std::isfinite(sum)) throw input_error(path + ": the weights must have a mean above 0");
  const double mean = sum / static_cast<double>(values.size());
  training_set.weights.clear();
  for (const double value : values) training_set.weights.push_back(static_cast<float>(value / mean));
  training_set.weights_sha256 = sha256_hex_of_file(path);
}

}  // namespace ns::data
