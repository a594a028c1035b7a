// One output row over the tiles of a strip, from decoded scalar weights: what nested sparse and depthwise
// convolution have in common.
#pragma once

#include "kernels/m7/decode.h"
#include "kernels/m7/strip.h"

namespace nsrt::m7 {

class TwoPixelRow {
 public:
  explicit TwoPixelRow(Strip& strip);

  /// Decoded weights are collected from here downwards.
  ScalarEntry* end() const { return end_; }
  /// How many of them fit into the list.
  std::uint32_t capacity() const { return capacity_; }

  /// Decodes and runs dense rows of `taps` of the strip's dense taps. The first row reads plane 0, the next
  /// one `plane_step` planes further on.
  void run_dense(const std::int8_t* weights, std::uint32_t taps, std::uint32_t row_bytes, std::uint32_t rows,
                 std::uint32_t plane_step, const RequantRow* requant, std::int8_t* out);

  /// Begins a row of `entries`, which then runs in parts: full lists, and the rest.
  void begin_long(std::uint32_t entries);
  void run_part(const ScalarEntry* first, std::int32_t weight_sum, const RequantRow& requant,
                std::int8_t* out);

 private:
  static constexpr std::uint32_t kLowStart = 0x80000000u;  // of the low half, 2^23 in its lane
  static constexpr std::int32_t kLowOffset = 1 << 23;

  // The low lane saw q + 128, and started at 2^23: kWeightSumStart.
  static std::int32_t low_bias(std::int32_t weight_sum, std::int32_t bias) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(bias) -
                                     static_cast<std::uint32_t>(weight_sum) * 128);
  }
  static std::int32_t low_lane(std::int32_t low) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(low) >> 8);
  }
  void run_long_dense(Cursor cursor, std::uint32_t taps, const RequantRow& requant, std::int8_t* out);
  void carry_low_lanes();
  void finish_long();

  Strip& strip_;
  Control& control_;
  ScalarEntry* const end_;
  const std::uint32_t capacity_;
  std::uint32_t left_ = 0;     // entries of a long row that have not run
  std::uint32_t in_lane_ = 0;  // entries in the low lanes
  bool first_part_ = true, carried_ = false;
};

}  // namespace nsrt::m7
