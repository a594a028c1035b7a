#include "kernels/m7/two_pixels.h"

#include "kernels/requantise.h"

namespace nsrt::m7 {

TwoPixelRow::TwoPixelRow(Strip& strip)
    : strip_(strip),
      control_(strip.control),
      end_(reinterpret_cast<ScalarEntry*>(&strip.control)),
      capacity_(strip.plan.entries) {
  for (std::uint32_t i = 0; i < 8; i += 2) control_.start[i] = static_cast<std::int32_t>(kLowStart);
}

void TwoPixelRow::begin_long(std::uint32_t entries) {
  left_ = entries;
  in_lane_ = 0;
  first_part_ = true;
  carried_ = false;
}

void TwoPixelRow::run_part(const ScalarEntry* first, std::int32_t weight_sum, const RequantRow& requant) {
  left_ -= static_cast<std::uint32_t>(end_ - first);
  in_lane_ += static_cast<std::uint32_t>(end_ - first);
  start(first, requant.bias);
  if (!first_part_) {
    control_.list_then = control_.list;
    control_.code_then = control_.code;
    control_.list = control_.start;
    control_.code = nsrt_m7_two_pixels_reload;
  }
  first_part_ = false;
  control_.sums_in = control_.sums_out = strip_.sums();
  const bool last = left_ == 0;
  control_.multiplier = last && !carried_ ? requant.multiplier : 0;
  control_.second_multiplier = low_bias(weight_sum, requant.bias);
  nsrt_m7_two_pixels(&control_);
  if (last) {
    if (carried_) finish_long(requant, control_.second_multiplier);
    strip_.row_done();
  } else if (in_lane_ + least(left_, capacity_) > kMaxLaneSum) {
    carry_low_lanes();
  }
}

// Empties the low lanes before they overflow.
void TwoPixelRow::carry_low_lanes() {
  std::int32_t* const lows = strip_.lows();
  std::int32_t* const sums = strip_.sums();
  for (std::uint32_t i = 0; i < strip_.tiles() * kTileWords; ++i) {
    lows[i] = (carried_ ? lows[i] : 0) + low_lane(sums[2 * i]) - kLowOffset;
    sums[2 * i] = static_cast<std::int32_t>(kLowStart);
  }
  carried_ = true;
  in_lane_ = 0;
}

void TwoPixelRow::finish_long(const RequantRow& requant, std::int32_t bias) {
  const std::int32_t* lows = strip_.lows();
  const std::int32_t* sums = strip_.sums();
  const auto value = [&](std::int32_t sum) {
    return saturate_s8(control_.output_zero_point + multiply_high_rounded(sum, requant.multiplier));
  };
  for (Tile* tile = strip_.tile_list(); tile->stack != 0; ++tile) {
    for (std::uint32_t i = 0; i < kTileWords; ++i, sums += 2) {
      tile->out[i + control_.second_out] = value(sums[1]);
      tile->out[i] = value(*lows++ + low_lane(sums[0]) + bias);
    }
    tile->out += kTileWords + control_.out_step;
  }
}

}  // namespace nsrt::m7
