#include "kernels/m7/two_pixels.h"

#include "kernels/requantise.h"

namespace nsrt::m7 {
namespace {

constexpr std::uint32_t kEntryCode = 24;          // bytes of code per entry in tiles.S
constexpr std::uint32_t kLowStart = 0x80000000u;  // 2^31 in the low half
constexpr std::int32_t kLowOffset = 1 << 23;      // … which is this after the lane's shift

const void* code_for(std::uint32_t entries) {
  return nsrt_m7_two_pixels_end - entries * kEntryCode;
}

std::int32_t low_lane(std::int32_t low) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(low) >> 8);
}

}  // namespace

void TwoPixelRow::run(const ScalarEntry* first, std::int32_t weight_sum, const RequantRow& requant) {
  Control& c = strip_.control;
  const auto entries = static_cast<std::uint32_t>(end_ - first);
  left_ -= entries;
  in_lane_ += entries;
  // The low lane saw q + 128, and started at 2^23.
  const auto low_bias = static_cast<std::int32_t>(static_cast<std::uint32_t>(requant.bias) -
                                                  static_cast<std::uint32_t>(weight_sum) * 128 - (1u << 23));
  c.tile = strip_.tile_list();
  if (first_run_) {
    for (std::uint32_t i = 0; i < 8; i += 2) {
      c.start[i] = static_cast<std::int32_t>(kLowStart);
      c.start[i + 1] = requant.bias;
    }
    c.list = first;
    c.code = code_for(entries);
    if (left_ == 0) {
      c.multiplier = requant.multiplier;
      c.second_multiplier = low_bias;
      nsrt_m7_two_pixels(&c);
      return strip_.row_done();
    }
    first_run_ = false;
    carried_ = false;
  } else {
    c.list = c.start;
    c.code = nsrt_m7_two_pixels_reload;
    c.list_then = first;
    c.code_then = code_for(entries);
    c.sums_in = strip_.sums();
  }
  c.sums_out = strip_.sums();
  const bool last = left_ == 0;
  c.multiplier = last && !carried_ ? requant.multiplier : 0;
  c.second_multiplier = low_bias;
  nsrt_m7_two_pixels(&c);
  if (last) {
    if (carried_) finish_long_row(requant, low_bias);
    strip_.row_done();
  } else if (in_lane_ + least(left_, capacity_) > kMaxLaneSum) {
    carry_low_lanes();
  }
}

void TwoPixelRow::carry_low_lanes() {
  auto* lows = reinterpret_cast<std::int32_t*>(strip_.scratch + strip_.plan.lows_at);
  std::int32_t* sums = strip_.sums();
  for (std::uint32_t i = 0; i < strip_.tiles() * 4; ++i) {
    lows[i] = (carried_ ? lows[i] : 0) + low_lane(sums[2 * i]) - kLowOffset;
    sums[2 * i] = static_cast<std::int32_t>(kLowStart);
  }
  carried_ = true;
  in_lane_ = 0;
}

void TwoPixelRow::finish_long_row(const RequantRow& requant, std::int32_t low_bias) {
  const Control& c = strip_.control;
  const auto* lows = reinterpret_cast<const std::int32_t*>(strip_.scratch + strip_.plan.lows_at);
  const std::int32_t* sums = strip_.sums();
  const auto value = [&](std::int32_t sum) {
    return saturate_s8(c.output_zero_point + multiply_high_rounded(sum, requant.multiplier));
  };
  for (Tile* tile = strip_.tile_list(); tile->stack != 0; ++tile) {
    for (std::uint32_t i = 0; i < kTileWords; ++i, sums += 2) {
      const std::int32_t low = *lows++ + low_lane(sums[0]) + low_bias;
      tile->out[i + c.second_out] = value(sums[1]);
      tile->out[i] = value(low);
    }
    tile->out += kTileWords + c.out_step;
  }
}

}  // namespace nsrt::m7
