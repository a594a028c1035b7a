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

void TwoPixelRow::run_part(const ScalarEntry* first, std::int32_t weight_sum, const RequantRow& requant,
                           std::int8_t* out) {
  left_ -= static_cast<std::uint32_t>(end_ - first);
  in_lane_ += static_cast<std::uint32_t>(end_ - first);
  const bool last = left_ == 0;
  if (first == end_) {  // no weight at all: one of zero
    end_[-1] = {0, strip_.origin};
    --first;
  }
  control_.start[1] = control_.start[3] = control_.start[5] = control_.start[7] = requant.bias;
  kTwoPixels.set_list(control_, first, first->address, static_cast<std::uint32_t>(end_ - first), first_part_,
                      last && !carried_);
  first_part_ = false;
  control_.tile = strip_.tile_list();
  control_.sums = strip_.sums();
  control_.out = strip_.target(out);
  control_.multiplier = requant.multiplier;
  control_.second_multiplier = low_bias(weight_sum, requant.bias);
  nsrt_m7_two_pixels(&control_);
  if (last) {
    if (carried_) finish_long();
    strip_.row_done(out);
  } else if (in_lane_ + least(left_, capacity_) > kMaxLaneSum) {
    carry_low_lanes();
  }
}

void TwoPixelRow::run_dense(const std::int8_t* weights, std::uint32_t taps, std::uint32_t row_bytes,
                            std::uint32_t rows, std::uint32_t plane_step, const RequantRow* requant,
                            std::int8_t* out) {
  const Plan& plan = strip_.plan;
  DenseRows dense{.row = {.to = end_,
                          .record = reinterpret_cast<const std::uint8_t*>(weights),
                          .position = 0,
                          .weight_sum = kWeightSumStart,
                          .taps = strip_.dense_taps(),
                          .origin = strip_.origin,
                          .plane_bytes = 0},
                  .taps = taps,
                  .row_bytes = row_bytes,
                  .origin_step = plane_step * plan.plane_words * 4,
                  .requant = requant,
                  .out = out,
                  .out_step = std::uint32_t{plan.w.oh} * plan.w.ow,
                  .unused = 0,
                  .rows = rows,
                  .control = &control_,
                  .tiles = strip_.tile_list()};
  if (taps <= capacity_ && !plan.bounces()) return nsrt_m7_dense_rows(&dense);
  for (; rows > 0; --rows, out += dense.out_step) {
    if (taps <= capacity_) {
      dense.rows = 1;
      dense.out = strip_.target(out);
      nsrt_m7_dense_rows(&dense);
      strip_.row_done(out);
    } else {
      run_long_dense(dense.row, taps, *dense.requant++, out);
      dense.row.record += row_bytes;
      dense.row.origin += dense.origin_step;
    }
  }
}

void TwoPixelRow::run_long_dense(Cursor cursor, std::uint32_t taps, const RequantRow& requant,
                                 std::int8_t* out) {
  begin_long(taps);
  for (std::uint32_t left = taps; left > 0;) {
    const std::uint32_t count = least(left, capacity_);
    cursor.to = end_;
    nsrt_m7_decode_taps(&cursor, count);
    run_part(cursor.to, cursor.weight_sum, requant, out);
    left -= count;
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

// Requantises rows whose low lanes were emptied on the way.
void TwoPixelRow::finish_long() {
  const Control& c = control_;
  const std::int32_t* lows = strip_.lows();
  const std::int32_t* sums = strip_.sums();
  const auto value = [&](std::int32_t sum) {
    return saturate_s8(c.output_zero_point + multiply_high_rounded(sum, c.multiplier));
  };
  for (const Tile* tile = strip_.tile_list(); tile->stack != 0; ++tile) {
    std::int8_t* const out = c.out + tile->out;
    for (std::uint32_t i = 0; i < kTileWords; ++i, sums += 2) {
      out[i + c.second_out] = value(sums[1]);
      out[i] = value(*lows++ + low_lane(sums[0]) + c.second_multiplier);
    }
  }
}

}  // namespace nsrt::m7
