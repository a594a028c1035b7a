// Nested sparse convolution with Rice-coded gaps: as conv_ncsr_s8, but for how a row's kept weights are
// decoded.
#include "kernels/m7/expand.h"
#include "kernels/m7/m7.h"
#include "kernels/m7/rice.h"
#include "kernels/m7/two_pixels.h"
#include "kernels/rice.h"

namespace nsrt::m7 {
namespace {

struct Level {
  RiceLevel place;  // its gaps are those of the first row
  RiceStream stream;
  std::uint32_t records;  // of the row
};

struct Levels {
  Level level[kMostLevels];
  std::uint32_t count;
};

void begin(Levels& levels, const NestedRice& rice) {
  levels.count = rice.subnet;
  for (std::uint32_t i = 0; i < levels.count; ++i) {
    Level& level = levels.level[i];
    level.place = rice_level(rice, i);
    const RiceGaps& gaps = level.place.gaps;
    level.stream = {gaps.buffer(), gaps.spare(), gaps.next(), level.place.k, level.place.values};
  }
}

std::uint32_t take_counts(Levels& levels) {
  std::uint32_t sum = 0;
  for (std::uint32_t i = 0; i < levels.count; ++i) {
    Level& level = levels.level[i];
    level.records = level.place.take_count();
    sum += level.records;
  }
  return sum;
}

void run_rows(Strip& strip, Levels& levels, std::uint32_t block, const Requant& requant, std::int8_t* out) {
  const void* const code = block == 1 ? nsrt_m7_rice_1 : block == 2 ? nsrt_m7_rice_2 : nsrt_m7_rice_4;
  const Plan& plan = strip.plan;
  TwoPixelRow row(strip);
  RiceRow place{row.end(), nullptr, strip.origin, plan.plane_words * 4, 0};
  const std::uint32_t out_step = std::uint32_t{plan.w.oh} * plan.w.ow, capacity = row.capacity() / block;
  for (std::uint32_t co = 0; co < plan.w.co; ++co, out += out_step) {
    row.begin_long(take_counts(levels) * block);
    place.to = row.end();
    place.weight_sum = kWeightSumStart;
    std::uint32_t room = capacity;
    for (std::uint32_t i = 0; i < levels.count; ++i) {
      place.tap = strip.taps() - 1;
      for (std::uint32_t left = levels.level[i].records; left > 0;) {
        if (room == 0) {
          row.run_part(place.to, place.weight_sum, requant.rows[co], out);
          place.to = row.end();
          room = capacity;
        }
        const std::uint32_t n = least(left, room);
        nsrt_m7_rice(&place, &levels.level[i].stream, n, code);
        left -= n;
        room -= n;
      }
    }
    row.run_part(place.to, place.weight_sum, requant.rows[co], out);
  }
}

}  // namespace

void conv_rice_s8(const Window& window, const NestedRice& rice, const Requant& requant, const std::int8_t* in,
                  std::int8_t* out, void* scratch) {
  Levels levels;  // in this frame: below it only kStackRoom is left
  const Plan plan = plan_sparse(window, rice.block);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.set_second_out(strip.second_pixel());
  strip.write_taps(plan.planes / rice.block, rice.block);
  Expander expander(plan, WordKind::kPixels, requant.input_zero_point, scratch);
  while (strip.next()) {
    expander.expand(strip, in, plan.w.ci);
    begin(levels, rice);
    run_rows(strip, levels, rice.block, requant, out + strip.out_offset());
  }
}

}  // namespace nsrt::m7
