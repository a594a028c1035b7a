// Dense convolution: the weights of two output rows are widened to int16 pairs once per strip, then every
// tile of the strip takes them at twelve instructions for sixteen multiplications (tiles.S).
#include "kernels/m7/m7.h"
#include "kernels/m7/two_pixels.h"

namespace nsrt::m7 {
namespace {

constexpr std::uint32_t kEntryCode = 48;  // bytes of code per entry in tiles.S

// Two output rows over all tiles of the strip.
void run_two_rows(Strip& strip, const std::int8_t* first, const std::int8_t* second,
                  const RequantRow& first_requant, const RequantRow& second_requant, std::uint32_t quads) {
  Control& c = strip.control;
  for (std::uint32_t i = 0; i < 4; ++i) {
    c.start[i] = first_requant.bias;
    c.start[4 + i] = second_requant.bias;
  }
  c.multiplier = 0;
  c.second_multiplier = second_requant.multiplier;
  const std::uint16_t* taps = strip.taps();
  auto* const end = reinterpret_cast<PairEntry*>(&c);
  for (std::uint32_t done = 0; done < quads;) {
    const std::uint32_t n = least(quads - done, strip.plan.entries / 2);
    PairEntry* const list = end - 2 * n;
    nsrt_m7_widen_quads(list, first + 4 * done, second + 4 * done, taps + 2 * done, n, strip.origin / 4);
    const void* code = nsrt_m7_two_rows_end - 2 * n * kEntryCode;
    if (done == 0) {
      c.list = list;
      c.code = code;
    } else {
      c.list = c.start;
      c.code = nsrt_m7_two_rows_reload;
      c.list_then = list;
      c.code_then = code;
    }
    done += n;
    if (done == quads) c.multiplier = first_requant.multiplier;
    c.sums_in = c.sums_out = strip.sums();
    c.tile = strip.tile_list();
    nsrt_m7_two_rows(&c);
  }
  strip.row_done();
}

// Entries of positions begin … end − 1 of a row of quads.
ScalarEntry* decode_quads(const Strip& strip, const std::int8_t* row, std::uint32_t begin, std::uint32_t end,
                          ScalarEntry* to, std::int32_t& weight_sum) {
  const std::uint32_t taps = std::uint32_t{strip.plan.w.kh} * strip.plan.w.kw, channels = strip.plan.w.ci;
  const std::uint32_t plane_bytes = strip.plan.plane_words * 4;
  for (std::uint32_t p = begin; p < end; ++p) {
    const std::int8_t* const quad = row + p / 2 * 4 + p % 2;
    const std::uint32_t address = strip.origin + strip.taps()[p] * 4u;
    weight_sum += quad[0];
    *--to = {quad[0] * 256, address};
    if (channels == 1 || p >= taps) continue;  // the block's second channel does not exist
    weight_sum += quad[2];
    *--to = {quad[2] * 256, address + plane_bytes};
  }
  return to;
}

void conv_few_channels(const Plan& plan, const std::int8_t* weights, const Requant& requant,
                       const std::int8_t* in, std::int8_t* out, void* scratch) {
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.write_taps(ceil_div(plan.w.ci, 2), 2);
  Expander expander(plan, WordKind::kPixels, requant.input_zero_point, scratch);
  TwoPixelRow row(strip);
  const Window& w = plan.w;
  const std::uint32_t count = positions(w, 2), entries = std::uint32_t{w.ci} * w.kh * w.kw;
  const std::uint32_t part = row.capacity() / 2;  // positions that surely fit
  while (strip.next()) {
    expander.expand(strip, in, w.ci);
    strip.aim(out, std::uint32_t{w.oh} * w.ow, strip.second_pixel());
    const std::int8_t* quads = weights;
    for (std::uint32_t co = 0; co < w.co; ++co, quads += ceil_div(count, 2) * 4) {
      std::int32_t sum = 0;
      if (entries <= row.capacity()) {
        const ScalarEntry* first = decode_quads(strip, quads, 0, count, row.end(), sum);
        row.run(first, sum, requant.rows[co]);
        continue;
      }
      row.begin_long(entries);
      for (std::uint32_t p = 0; p < count; p += part) {
        const ScalarEntry* first = decode_quads(strip, quads, p, least(count, p + part), row.end(), sum);
        row.run_part(first, sum, requant.rows[co]);
      }
    }
  }
}

}  // namespace

void conv_s8(const Window& window, const std::int8_t* weights, const Requant& requant, const std::int8_t* in,
             std::int8_t* out, void* scratch) {
  const Plan plan = plan_dense(window);
  if (has_few_channels(window)) return conv_few_channels(plan, weights, requant, in, out, scratch);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.write_taps(plan.planes, 1);
  Expander expander(plan, WordKind::kChannels, requant.input_zero_point, scratch);
  const Window& w = plan.w;
  const std::uint32_t quads = ceil_div(positions(w, 2), 2), row_bytes = quads * 4;
  const std::uint32_t plane_bytes = std::uint32_t{w.oh} * w.ow;
  while (strip.next()) {
    expander.expand(strip, in, w.ci);
    strip.aim(out, 2 * plane_bytes, plane_bytes);
    for (std::uint32_t co = 0; co < w.co; co += 2) {
      const std::uint32_t next = co + 1 < w.co ? co + 1 : co;
      if (next == co) strip.ignore_second();
      run_two_rows(strip, weights + co * row_bytes, weights + next * row_bytes, requant.rows[co],
                   requant.rows[next], quads);
    }
  }
}

}  // namespace nsrt::m7
