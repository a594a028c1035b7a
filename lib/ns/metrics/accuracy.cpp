#include "ns/metrics/accuracy.h"

#include "ns/base/error.h"

namespace ns::metrics {

std::int64_t count_correct(const Tensor& logits, std::span<const std::int32_t> labels) {
  const Shape& shape = logits.shape();
  if (shape.size() != 2 || shape[0] != static_cast<std::int64_t>(labels.size()) || shape[1] < 1) {
    throw internal_error("logits " + to_string(shape) + " do not fit " + std::to_string(labels.size()) +
                         " labels");
  }
  const auto classes = static_cast<std::size_t>(shape[1]);
  std::int64_t correct = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    correct += argmax(logits.values().subspan(i * classes, classes)) == labels[i];
  }
  return correct;
}

}  // namespace ns::metrics
