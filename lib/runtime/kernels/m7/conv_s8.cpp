// Dense convolution: the weights of two output rows are widened to int16 pairs once per strip, then every
// tile of the strip takes them at twelve instructions for sixteen multiplications (tiles.S).
#include "kernels/m7/m7.h"
#include "kernels/m7/strip.h"

namespace nsrt::m7 {
namespace {

constexpr std::uint32_t kEntryCode = 48;  // bytes of code per entry in tiles.S

void expand_strip(const Strip& strip, Expander& expander, const std::int8_t* in) {
  const Plan& plan = strip.plan;
  const std::uint32_t plane_bytes = std::uint32_t{plan.w.ih} * plan.w.iw;
  expander.aim(strip);
  for (std::uint32_t pair = 0; pair < plan.planes; ++pair, in += 2 * plane_bytes) {
    // The weights of a missing second channel are zero.
    expander.plane(in, 2 * pair + 1 < plan.w.ci ? in + plane_bytes : in, pair);
  }
}

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

}  // namespace

void conv_s8(const Window& window, const std::int8_t* weights, const Requant& requant, const std::int8_t* in,
             std::int8_t* out, void* scratch) {
  const Plan plan = plan_dense(window);
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.write_taps(plan.planes, 1);
  Expander expander(plan, WordKind::kChannels, 0, requant.input_zero_point);
  const Window& w = plan.w;
  const std::uint32_t quads = ceil_div(positions(w, 2), 2), row_bytes = quads * 4;
  const std::uint32_t plane_bytes = std::uint32_t{w.oh} * w.ow;
  while (strip.next()) {
    expand_strip(strip, expander, in);
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
