// Nested sparse convolution: a row's kept weights are decoded once per strip to (weight, address), then every
// tile of the strip takes them at eight instructions for eight multiplications (tiles.S).
#include "kernels/m7/decode.h"
#include "kernels/m7/expand.h"
#include "kernels/m7/m7.h"
#include "kernels/m7/two_pixels.h"

namespace nsrt::m7 {
namespace {

const void* decoder(std::uint32_t block) {
  return block == 1 ? nsrt_m7_records_1 : block == 2 ? nsrt_m7_records_2 : nsrt_m7_records_4;
}

std::uint32_t records(const std::uint16_t* counts, std::uint32_t begin, std::uint32_t end) {
  std::uint32_t sum = 0;
  for (; begin < end; ++begin) sum += counts[begin];
  return sum;
}

// The next row, whose records may not fit into the list.
void run_long_row(TwoPixelRow& row, SparseRows& rows, const NestedCsr& csr, const void* decode) {
  Cursor cursor = rows.row;
  row.begin_long(records(rows.counts, 0, csr.subnet) * csr.block);
  std::uint32_t room = rows.capacity;
  for (std::uint32_t level = 0; level < csr.subnet; ++level) {
    cursor.position = 0;
    for (std::uint32_t left = rows.counts[level]; left > 0;) {
      if (room == 0) {
        row.run_part(cursor.to, cursor.weight_sum, *rows.requant, rows.out);
        cursor.to = row.end();
        room = rows.capacity;
      }
      const std::uint32_t n = least(left, room);
      nsrt_m7_decode(&cursor, decode, n);
      left -= n;
      room -= n;
    }
  }
  row.run_part(cursor.to, cursor.weight_sum, *rows.requant, rows.out);
  rows.row.record = cursor.record + records(rows.counts, csr.subnet, csr.levels) * (1u + csr.block);
  rows.counts += csr.levels;
  ++rows.requant;
  rows.out += rows.out_step;
  --rows.rows;
}

void run_rows(Strip& strip, const NestedCsr& csr, const Requant& requant, std::int8_t* out) {
  const void* const decode = decoder(csr.block);
  const std::uint32_t record_bytes = 1u + csr.block;
  const Plan& plan = strip.plan;
  TwoPixelRow row(strip);
  SparseRows rows{
      .row = {row.end(), csr.records, 0, kWeightSumStart, strip.taps(), strip.origin, plan.plane_words * 4},
      .counts = csr.counts,
      .subnet_bytes = csr.subnet * 2u,
      .level_bytes = csr.levels * 2u,
      .requant = requant.rows,
      .out = out,
      .out_step = std::uint32_t{plan.w.oh} * plan.w.ow,
      .capacity = row.capacity() / csr.block,
      .rows = plan.w.co,
      .control = &strip.control,
      .tiles = strip.tile_list()};
  if (!plan.bounces()) {
    while (rows.rows != 0) {
      nsrt_m7_sparse_rows(&rows, decode, record_bytes);
      if (rows.rows != 0) run_long_row(row, rows, csr, decode);
    }
    return;
  }
  for (std::uint32_t left = plan.w.co; left > 0; --left, out += rows.out_step) {
    rows.rows = 1;
    rows.out = strip.target(out);
    nsrt_m7_sparse_rows(&rows, decode, record_bytes);
    if (rows.rows == 0) {
      strip.row_done(out);
    } else {
      rows.out = out;
      run_long_row(row, rows, csr, decode);
    }
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
