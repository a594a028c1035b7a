#include "ns/nested/pruning_schedule.h"

#include <string>

#include "ns/base/error.h"

namespace ns::nested {

PruningSchedule::PruningSchedule(std::int64_t start, std::int64_t end, std::int64_t every)
    : start_(start), end_(end), every_(every) {
  if (start < 0 || end < start || every < 1) {
    throw usage_error("pruning from step " + std::to_string(start) + " to " + std::to_string(end) +
                      " every " + std::to_string(every) +
                      " steps: expected 0 ≤ start ≤ end and at least one step");
  }
}

bool PruningSchedule::updates_at(std::int64_t step) const {
  return step == end_ || (under_way(step) && (step - start_) % every_ == 0);
}

double PruningSchedule::fraction(std::int64_t step) const {
  if (step >= end_) {
    return 1.0;
  }
  if (step < start_) {
    return 0.0;
  }
  const double left = 1.0 - static_cast<double>(step - start_) / static_cast<double>(end_ - start_);
  return 1.0 - left * left * left;
}

}  // namespace ns::nested
