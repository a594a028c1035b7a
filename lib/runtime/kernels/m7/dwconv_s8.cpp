// Depthwise convolution: a sparse convolution whose rows read one channel each. It shares the words of two
// pixels and their inner loop; the strip holds one channel at a time.
#include "kernels/m7/m7.h"
#include "kernels/m7/two_pixels.h"

namespace nsrt::m7 {
namespace {

void run_channel(Strip& strip, const std::int8_t* weights, std::uint32_t taps, const RequantRow& requant) {
  TwoPixelRow row(strip);
  row.begin(taps);
  std::int32_t weight_sum = 0;
  for (std::uint32_t done = 0; done < taps;) {
    const std::uint32_t end = least(taps, done + row.capacity());
    ScalarEntry* first = row.end();
    for (; done < end; ++done) {
      weight_sum += weights[done];
      *--first = {weights[done] * 256, strip.origin + strip.taps()[done] * 4u};
    }
    row.run(first, weight_sum, requant);
  }
}

}  // namespace

void dwconv_s8(const Window& window, const std::int8_t* weights, const Requant& requant,
               const std::int8_t* in, std::int8_t* out, void* scratch) {
  const Plan plan = plan_depthwise(window);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.write_taps(1, 1);
  Expander expander(plan, WordKind::kPixels, strip.distance(), requant.input_zero_point);
  const Window& w = window;
  const std::uint32_t taps = std::uint32_t{w.kh} * w.kw, row_bytes = (taps + 3) / 4 * 4;
  const std::uint32_t plane_bytes = std::uint32_t{w.oh} * w.ow;
  for (std::uint32_t c = 0; c < w.co; ++c) {
    const std::int8_t* const plane = in + c * w.ih * w.iw;
    while (strip.next()) {
      if (strip.y0 == 0 && (c == 0 || !strip.is_whole())) expander.set_column(strip.x0);
      expander.rows(plane, plane, strip.first_new_row(), strip.end_row(),
                    strip.words + strip.kept_rows * plan.row_words);
      if (c == 0 || !strip.is_whole()) strip.aim(out + c * plane_bytes, plane_bytes, strip.distance());
      run_channel(strip, weights + c * row_bytes, taps, requant.rows[c]);
    }
  }
}

}  // namespace nsrt::m7
