// Nested sparse convolution: a row's kept weights are decoded once per strip to (weight, address), then every
// tile of the strip takes them at seven instructions for eight multiplications (tiles.S).
#include "kernels/m7/m7.h"
#include "kernels/m7/two_pixels.h"

namespace nsrt::m7 {
namespace {

// State of decode.S.
struct Cursor {
  ScalarEntry* to;  ///< entries are written below it
  const std::uint8_t* record;
  std::uint32_t position;
  std::int32_t weight_sum;
  const std::uint16_t* taps;
  std::uint32_t origin;
  std::uint32_t plane_bytes;
};

extern "C" {
void nsrt_m7_decode_1(Cursor*, std::uint32_t records);
void nsrt_m7_decode_2(Cursor*, std::uint32_t records);
void nsrt_m7_decode_4(Cursor*, std::uint32_t records);
}

void run_rows(Strip& strip, const NestedCsr& csr, const Requant& requant) {
  const auto decode = csr.block == 1   ? nsrt_m7_decode_1
                      : csr.block == 2 ? nsrt_m7_decode_2
                                       : nsrt_m7_decode_4;
  const std::uint32_t block = csr.block, levels = csr.levels, subnet = csr.subnet;
  TwoPixelRow row(strip);
  const std::uint32_t capacity = row.capacity() / block;  // records
  Cursor cursor{row.end(), csr.records, 0, 0, strip.taps(), strip.origin, strip.plan.plane_words * 4};
  const std::uint16_t* counts = csr.counts;
  const RequantRow* const end = requant.rows + strip.plan.w.co;
  for (const RequantRow* rq = requant.rows; rq != end; ++rq, counts += levels) {
    std::uint32_t records = 0, skipped = 0, level = 0;
    for (; level < subnet; ++level) records += counts[level];
    for (; level < levels; ++level) skipped += counts[level];
    row.begin(records * block);
    cursor.to = row.end();
    cursor.weight_sum = 0;
    std::uint32_t room = capacity;
    for (level = 0; level < subnet; ++level) {
      cursor.position = 0;
      for (std::uint32_t left = counts[level]; left > 0;) {
        if (room == 0) {
          row.run(cursor.to, cursor.weight_sum, *rq);
          cursor.to = row.end();
          room = capacity;
        }
        const std::uint32_t n = least(left, room);
        decode(&cursor, n);
        left -= n;
        room -= n;
      }
    }
    row.run(cursor.to, cursor.weight_sum, *rq);
    cursor.record += skipped * (1 + block);
  }
}

}  // namespace

void conv_ncsr_s8(const Window& window, const NestedCsr& csr, const Requant& requant, const std::int8_t* in,
                  std::int8_t* out, void* scratch) {
  const Plan plan = plan_sparse(window, csr.block);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.write_taps(plan.planes / csr.block, csr.block);
  Expander expander(plan, WordKind::kPixels, strip.distance(), requant.input_zero_point);
  while (strip.next()) {
    const std::uint32_t in_bytes = std::uint32_t{plan.w.ih} * plan.w.iw;
    const std::int8_t* plane = in;
    std::uint32_t* to = strip.words + strip.kept_rows * plan.row_words;
    if (strip.y0 == 0) expander.set_column(strip.x0);
    for (std::uint32_t c = 0; c < plan.w.ci; ++c, plane += in_bytes, to += plan.plane_words) {
      expander.rows(plane, plane, strip.first_new_row(), strip.end_row(), to);
    }
    strip.aim(out, std::uint32_t{plan.w.oh} * plan.w.ow, strip.distance());
    run_rows(strip, csr, requant);
  }
}

}  // namespace nsrt::m7
