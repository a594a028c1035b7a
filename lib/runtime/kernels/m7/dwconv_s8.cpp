// Depthwise convolution: a sparse convolution whose rows read one channel each. It shares the words of two
// pixels and their inner loop; the strip holds as many channels as are worth it.
#include "kernels/m7/expand.h"
#include "kernels/m7/m7.h"
#include "kernels/m7/two_pixels.h"

namespace nsrt::m7 {
namespace {

ScalarEntry* decode(const std::int8_t* weights, const std::uint16_t* taps, std::uint32_t count,
                    std::uint32_t origin, ScalarEntry* to, std::int32_t& weight_sum) {
  std::int32_t sum = weight_sum;
  for (const std::int8_t* const end = weights + count; weights != end; ++weights, ++taps) {
    sum += *weights;
    *--to = {*weights * 256, origin + *taps * 4u};
  }
  weight_sum = sum;
  return to;
}

void run_channel(const Strip& strip, TwoPixelRow& row, std::uint32_t plane, const std::int8_t* weights,
                 std::uint32_t taps, const RequantRow& requant, std::int8_t* out) {
  const std::uint32_t origin = strip.origin + plane * strip.plan.plane_words * 4;
  std::int32_t weight_sum = 0;
  if (taps <= row.capacity()) {
    const ScalarEntry* first = decode(weights, strip.taps(), taps, origin, row.end(), weight_sum);
    return row.run(first, weight_sum, requant, out);
  }
  row.begin_long(taps);
  for (std::uint32_t at = 0; at < taps; at += row.capacity()) {
    const std::uint32_t count = least(taps - at, row.capacity());
    const ScalarEntry* first = decode(weights + at, strip.taps() + at, count, origin, row.end(), weight_sum);
    row.run_part(first, weight_sum, requant, out);
  }
}

}  // namespace

void dwconv_s8(const Window& window, const std::int8_t* weights, const Requant& requant,
               const std::int8_t* in, std::int8_t* out, void* scratch) {
  const Plan plan = plan_depthwise(window);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.set_second_out(strip.second_pixel());
  strip.write_taps(1, 1);
  Expander expander(plan, WordKind::kPixels, requant.input_zero_point, scratch);
  TwoPixelRow row(strip);
  const Window& w = plan.w;
  const std::uint32_t taps = std::uint32_t{w.kh} * w.kw, row_bytes = (taps + 3) / 4 * 4;
  const std::uint32_t in_bytes = std::uint32_t{w.ih} * w.iw, out_bytes = std::uint32_t{w.oh} * w.ow;
  for (std::uint32_t first = 0; first < w.co; first += plan.planes) {
    const std::uint32_t channels = least(w.co - first, plan.planes);
    while (strip.next()) {
      expander.expand(strip, in + first * in_bytes, channels);
      for (std::uint32_t c = first; c < first + channels; ++c) {
        run_channel(strip, row, c - first, weights + c * row_bytes, taps, requant.rows[c],
                    out + c * out_bytes + strip.out_offset());
      }
    }
  }
}

}  // namespace nsrt::m7
