#include "kernels/m7/conv_few_channels.h"

#include "kernels/m7/expand.h"
#include "kernels/m7/two_pixels.h"

namespace nsrt::m7 {
namespace {

// The weights of a row of quads (docs/format/nsm.md, encoding 1), in order of their positions.
void write_taps(const Strip& strip) {
  const Window& w = strip.plan.w;
  const std::uint32_t taps = std::uint32_t{w.kh} * w.kw;
  DenseTap* to = strip.dense_taps();
  for (std::uint32_t c = 0; c < w.ci; ++c) {
    for (std::uint32_t i = 0; i < taps; ++i) {
      const std::uint32_t position = c / 2 * taps + i;
      const std::uint32_t word = strip.tap_word(i / w.kw, i % w.kw) + c * strip.plan.plane_words;
      *to++ = {static_cast<std::uint16_t>(word),
               static_cast<std::uint16_t>(position / 2 * 4 + c % 2 * 2 + position % 2)};
    }
  }
}

}  // namespace

void conv_few_channels(const Window& window, const std::int8_t* weights, const Requant& requant,
                       const std::int8_t* in, std::int8_t* out, void* scratch) {
  const Plan plan = plan_dense(window);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.set_second_out(strip.second_pixel());
  write_taps(strip);
  Expander expander(plan, WordKind::kPixels, requant.input_zero_point, scratch);
  TwoPixelRow row(strip);
  const Window& w = plan.w;
  const std::uint32_t taps = std::uint32_t{w.ci} * w.kh * w.kw, row_bytes = ceil_div(positions(w, 2), 2) * 4;
  while (strip.next()) {
    expander.expand(strip, in, w.ci);
    row.run_dense(weights, taps, row_bytes, w.co, 0, requant.rows, out + strip.out_offset());
  }
}

}  // namespace nsrt::m7
