// One output row over the tiles of a strip, from decoded scalar weights: what nested sparse and depthwise
// convolution have in common.
#pragma once

#include "kernels/m7/strip.h"

namespace nsrt::m7 {

/// Collects the decoded weights of one row from the end of the list downwards, and runs them.
class TwoPixelRow {
 public:
  explicit TwoPixelRow(Strip& strip)
      : strip_(strip), end_(reinterpret_cast<ScalarEntry*>(&strip.control)), capacity_(strip.plan.entries) {}

  /// A row of `entries` in all.
  void begin(std::uint32_t entries) {
    left_ = entries;
    first_run_ = true;
    in_lane_ = 0;
  }
  ScalarEntry* end() const { return end_; }
  std::uint32_t capacity() const { return capacity_; }

  /// Runs the entries [first, end()), the last of the row or a full list; `weight_sum` is that of the row so
  /// far.
  void run(const ScalarEntry* first, std::int32_t weight_sum, const RequantRow& requant);

 private:
  void carry_low_lanes();
  void finish_long_row(const RequantRow& requant, std::int32_t low_bias);

  Strip& strip_;
  ScalarEntry* const end_;
  const std::uint32_t capacity_;
  std::uint32_t left_ = 0;     // entries of the row that have not run
  std::uint32_t in_lane_ = 0;  // entries in the low lanes
  bool first_run_ = true;
  bool carried_ = false;
};

}  // namespace nsrt::m7
