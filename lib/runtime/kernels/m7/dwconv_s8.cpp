// Depthwise convolution: a sparse convolution whose rows read one channel each. It shares the words of two
// pixels and their inner loop; the strip holds one channel at a time.
#include "kernels/m7/m7.h"
#include "kernels/m7/two_pixels.h"

namespace nsrt::m7 {
namespace {

ScalarEntry* decode(const Strip& strip, const std::int8_t* weights, std::uint32_t begin, std::uint32_t end,
                    ScalarEntry* to, std::int32_t& weight_sum) {
  const std::uint16_t* const taps = strip.taps();
  for (; begin < end; ++begin) {
    weight_sum += weights[begin];
    *--to = {weights[begin] * 256, strip.origin + taps[begin] * 4u};
  }
  return to;
}

void run_channel(const Strip& strip, TwoPixelRow& row, const std::int8_t* weights, std::uint32_t taps,
                 const RequantRow& requant) {
  std::int32_t weight_sum = 0;
  if (taps <= row.capacity()) {
    const ScalarEntry* first = decode(strip, weights, 0, taps, row.end(), weight_sum);
    return row.run(first, weight_sum, requant);
  }
  row.begin_long(taps);
  for (std::uint32_t begin = 0; begin < taps; begin += row.capacity()) {
    const std::uint32_t end = least(taps, begin + row.capacity());
    const ScalarEntry* first = decode(strip, weights, begin, end, row.end(), weight_sum);
    row.run_part(first, weight_sum, requant);
  }
}

}  // namespace

void dwconv_s8(const Window& window, const std::int8_t* weights, const Requant& requant,
               const std::int8_t* in, std::int8_t* out, void* scratch) {
  const Plan plan = plan_depthwise(window);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.write_taps(1, 1);
  Expander expander(plan, WordKind::kPixels, requant.input_zero_point, scratch);
  TwoPixelRow row(strip);
  const Window& w = window;
  const std::uint32_t taps = std::uint32_t{w.kh} * w.kw, row_bytes = (taps + 3) / 4 * 4;
  const std::uint32_t plane_bytes = std::uint32_t{w.oh} * w.ow;
  for (std::uint32_t c = 0; c < w.co; ++c) {
    const std::int8_t* const plane = in + c * w.ih * w.iw;
    while (strip.next()) {
      if (c == 0 || !strip.is_whole()) {
        strip.aim(out + c * plane_bytes, plane_bytes, strip.second_pixel());
      }
      expander.expand(strip, plane, 1);
      run_channel(strip, row, weights + c * row_bytes, taps, requant.rows[c]);
    }
  }
}

}  // namespace nsrt::m7
