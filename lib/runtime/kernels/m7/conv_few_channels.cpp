#include "kernels/m7/conv_few_channels.h"

#include "kernels/m7/expand.h"
#include "kernels/m7/two_pixels.h"

namespace nsrt::m7 {
namespace {

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

}  // namespace

void conv_few_channels(const Window& window, const std::int8_t* weights, const Requant& requant,
                       const std::int8_t* in, std::int8_t* out, void* scratch) {
  const Plan plan = plan_dense(window);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.set_second_out(strip.second_pixel());
  strip.write_taps(ceil_div(plan.w.ci, 2), 2);
  Expander expander(plan, WordKind::kPixels, requant.input_zero_point, scratch);
  TwoPixelRow row(strip);
  const Window& w = plan.w;
  const std::uint32_t count = positions(w, 2), entries = std::uint32_t{w.ci} * w.kh * w.kw;
  const std::uint32_t part = row.capacity() / 2;  // positions that surely fit
  while (strip.next()) {
    expander.expand(strip, in, w.ci);
    std::int8_t* to = out + strip.out_offset();
    const std::int8_t* quads = weights;
    for (std::uint32_t co = 0; co < w.co;
         ++co, quads += ceil_div(count, 2) * 4, to += std::uint32_t{w.oh} * w.ow) {
      std::int32_t sum = 0;
      if (entries <= row.capacity()) {
        const ScalarEntry* first = decode_quads(strip, quads, 0, count, row.end(), sum);
        row.run(first, sum, requant.rows[co], to);
        continue;
      }
      row.begin_long(entries);
      for (std::uint32_t p = 0; p < count; p += part) {
        const ScalarEntry* first = decode_quads(strip, quads, p, least(count, p + part), row.end(), sum);
        row.run_part(first, sum, requant.rows[co], to);
      }
    }
  }
}

}  // namespace nsrt::m7
