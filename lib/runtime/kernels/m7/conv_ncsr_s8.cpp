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
// All records of a row's first levels.
void nsrt_m7_decode_1(Cursor*, const std::uint16_t* counts, std::uint32_t levels);
void nsrt_m7_decode_2(Cursor*, const std::uint16_t* counts, std::uint32_t levels);
void nsrt_m7_decode_4(Cursor*, const std::uint16_t* counts, std::uint32_t levels);
// Some records of a level, at least one.
void nsrt_m7_decode_1_some(Cursor*, std::uint32_t records);
void nsrt_m7_decode_2_some(Cursor*, std::uint32_t records);
void nsrt_m7_decode_4_some(Cursor*, std::uint32_t records);
}

struct Decoder {
  void (*levels)(Cursor*, const std::uint16_t* counts, std::uint32_t levels);
  void (*some)(Cursor*, std::uint32_t records);
};

Decoder decoder(std::uint32_t block) {
  if (block == 1) return {nsrt_m7_decode_1, nsrt_m7_decode_1_some};
  if (block == 2) return {nsrt_m7_decode_2, nsrt_m7_decode_2_some};
  return {nsrt_m7_decode_4, nsrt_m7_decode_4_some};
}

void run_long_row(TwoPixelRow& row, Cursor& cursor, const Decoder& decode, const std::uint16_t* counts,
                  std::uint32_t subnet, std::uint32_t block, std::uint32_t records, const RequantRow& requant,
                  std::int8_t* out) {
  row.begin_long(records * block);
  const std::uint32_t capacity = row.capacity() / block;  // records
  std::uint32_t room = capacity;
  for (std::uint32_t level = 0; level < subnet; ++level) {
    cursor.position = 0;
    for (std::uint32_t left = counts[level]; left > 0;) {
      if (room == 0) {
        row.run_part(cursor.to, cursor.weight_sum, requant, out);
        cursor.to = row.end();
        room = capacity;
      }
      const std::uint32_t n = least(left, room);
      decode.some(&cursor, n);
      left -= n;
      room -= n;
    }
  }
  row.run_part(cursor.to, cursor.weight_sum, requant, out);
}

void run_rows(Strip& strip, const NestedCsr& csr, const Requant& requant, std::int8_t* out) {
  const Decoder decode = decoder(csr.block);
  const std::uint32_t block = csr.block, levels = csr.levels, subnet = csr.subnet;
  const std::uint32_t plane_bytes = std::uint32_t{strip.plan.w.oh} * strip.plan.w.ow;
  TwoPixelRow row(strip);
  const std::uint32_t capacity = row.capacity() / block;
  Cursor cursor{row.end(), csr.records, 0, 0, strip.taps(), strip.origin, strip.plan.plane_words * 4};
  const std::uint16_t* counts = csr.counts;
  const RequantRow* const end = requant.rows + strip.plan.w.co;
  for (const RequantRow* rq = requant.rows; rq != end; ++rq) {
    std::uint32_t records = 0, skipped = 0, level = 0;
    do records += counts[level];
    while (++level < subnet);
    for (; level < levels; ++level) skipped += counts[level];
    cursor.to = row.end();
    cursor.weight_sum = 0;
    if (records <= capacity) {
      decode.levels(&cursor, counts, subnet);
      row.run(cursor.to, cursor.weight_sum, *rq, out);
    } else {
      run_long_row(row, cursor, decode, counts, subnet, block, records, *rq, out);
    }
    cursor.record += skipped * (1 + block);
    counts += levels;
    out += plane_bytes;
  }
}

}  // namespace

void conv_ncsr_s8(const Window& window, const NestedCsr& csr, const Requant& requant, const std::int8_t* in,
                  std::int8_t* out, void* scratch) {
  const Plan plan = plan_sparse(window, csr.block);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.set_second_out(strip.second_pixel());
  strip.write_taps(plan.planes / csr.block, csr.block);
  Expander expander(plan, WordKind::kPixels, requant.input_zero_point, scratch);
  while (strip.next()) {
    expander.expand(strip, in, plan.w.ci);
    run_rows(strip, csr, requant, out + strip.out_offset());
  }
}

}  // namespace nsrt::m7
