#pragma once

#include <cstdint>
#include <vector>

namespace ns::metrics {

/// Counts by true and predicted class.
class Confusion {
 public:
  explicit Confusion(int classes);

  /// Throws Error(kInternal) for a class outside [0, classes).
  void add(int label, int predicted);

  int classes() const { return classes_; }
  std::int64_t count(int label, int predicted) const;
  std::int64_t total() const;
  std::int64_t correct() const;

 private:
  std::size_t cell(int label, int predicted) const;

  int classes_;
  std::vector<std::int64_t> counts_;
};

}  // namespace ns::metrics
