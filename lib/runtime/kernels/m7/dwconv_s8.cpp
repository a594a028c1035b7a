// Depthwise convolution: a sparse convolution whose rows read one channel each. It shares the words of two
// pixels and their inner loop; the strip holds as many channels as are worth it.
#include "kernels/m7/expand.h"
#include "kernels/m7/m7.h"
#include "kernels/m7/two_pixels.h"

namespace nsrt::m7 {

void dwconv_s8(const Window& window, const std::int8_t* weights, const Requant& requant,
               const std::int8_t* in, std::int8_t* out, void* scratch) {
  const Plan plan = plan_depthwise(window);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.set_second_out(strip.second_pixel());
  const Window& w = plan.w;
  const std::uint32_t taps = std::uint32_t{w.kh} * w.kw, row_bytes = (taps + 3) / 4 * 4;
  for (std::uint32_t i = 0; i < taps; ++i) {
    strip.dense_taps()[i] = {strip.tap_word(i / w.kw, i % w.kw), static_cast<std::uint16_t>(i)};
  }
  Expander expander(plan, WordKind::kPixels, requant.input_zero_point, scratch);
  TwoPixelRow row(strip);
  const std::uint32_t in_bytes = std::uint32_t{w.ih} * w.iw, out_bytes = std::uint32_t{w.oh} * w.ow;
  for (std::uint32_t first = 0; first < w.co; first += plan.planes) {
    const std::uint32_t channels = least(w.co - first, plan.planes);
    while (strip.next()) {
      expander.expand(strip, in + first * in_bytes, channels);
      row.run_dense(weights + first * row_bytes, taps, row_bytes, channels, 1, requant.rows + first,
                    out + first * out_bytes + strip.out_offset());
    }
  }
}

}  // namespace nsrt::m7
