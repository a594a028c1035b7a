#include "ns/metrics/confusion.h"

#include <numeric>

#include "ns/base/error.h"

namespace ns::metrics {

Confusion::Confusion(int classes)
    : classes_(classes), counts_(static_cast<std::size_t>(classes) * static_cast<std::size_t>(classes)) {}

std::size_t Confusion::cell(int label, int predicted) const {
  if (label < 0 || label >= classes_ || predicted < 0 || predicted >= classes_) {
    throw internal_error("class " + std::to_string(label) + " or " + std::to_string(predicted) +
                         " is not below " + std::to_string(classes_));
  }
  return static_cast<std::size_t>(label) * static_cast<std::size_t>(classes_) +
         static_cast<std::size_t>(predicted);
}

void Confusion::add(int label, int predicted) {
  ++counts_[cell(label, predicted)];
}

std::int64_t Confusion::count(int label, int predicted) const {
  return counts_[cell(label, predicted)];
}

std::int64_t Confusion::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

std::int64_t Confusion::correct() const {
  std::int64_t sum = 0;
  for (int k = 0; k < classes_; ++k) {
    sum += count(k, k);
  }
  return sum;
}

}  // namespace ns::metrics
