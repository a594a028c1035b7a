// Dense convolution: the weights of two output rows are widened to int16 pairs once per strip, then every
// tile of the strip takes them at fifteen instructions for sixteen multiplications (tiles.S).
#include "kernels/m7/conv_few_channels.h"
#include "kernels/m7/conv_planned.h"
#include "kernels/m7/m7.h"
#include "kernels/m7/strip.h"

namespace nsrt::m7 {
namespace {

struct RowPair {
  const std::int8_t *first, *second;  // weights
  const RequantRow *first_requant, *second_requant;
};

// Two output rows over all tiles of the strip.
void run_two_rows(Strip& strip, const RowPair& rows, std::uint32_t quads, std::int8_t* out) {
  Control& c = strip.control;
  for (std::uint32_t i = 0; i < 4; ++i) {
    c.start[i] = rows.first_requant->bias;
    c.start[4 + i] = rows.second_requant->bias;
  }
  c.multiplier = rows.first_requant->multiplier;
  c.second_multiplier = rows.second_requant->multiplier;
  c.out = strip.target(out);
  auto* const end = reinterpret_cast<PairEntry*>(&c);
  for (std::uint32_t done = 0; done < quads;) {
    const std::uint32_t n = least(quads - done, strip.plan.entries / 2);
    PairEntry* const list = end - 2 * n;
    nsrt_m7_widen_quads(list, rows.first + 4 * done, rows.second + 4 * done, strip.taps() + 2 * done, n,
                        strip.origin);
    const bool first = done == 0;
    done += n;
    kTwoRows.set_list(c, list, list->address, 2 * n, first, done == quads);
    c.sums = strip.sums();
    c.tile = strip.tile_list();
    nsrt_m7_two_rows(&c);
  }
  strip.row_done(out);
}

}  // namespace

void conv_s8(const Window& window, const std::int8_t* weights, const Requant& requant, const std::int8_t* in,
             std::int8_t* out, void* scratch) {
  if (has_few_channels(window)) return conv_few_channels(window, weights, requant, in, out, scratch);
  conv_planned(plan_dense(window), weights, requant, in, out, scratch);
}

void conv_planned(const Plan& plan, const std::int8_t* weights, const Requant& requant, const std::int8_t* in,
                  std::int8_t* out, void* scratch) {
  Strip strip(plan, scratch, stack_pointer());
  strip.control.output_zero_point = requant.output_zero_point;
  strip.write_taps(plan.planes, 1);
  Expander expander(plan, WordKind::kChannels, requant.input_zero_point, scratch);
  const Window& w = plan.w;
  const std::uint32_t quads = ceil_div(positions(w, 2), 2), plane_bytes = std::uint32_t{w.oh} * w.ow;
  while (strip.next()) {
    expander.expand(strip, in, w.ci);
    std::int8_t* to = out + strip.out_offset();
    strip.set_second_out(plane_bytes);
    for (std::uint32_t co = 0; co < w.co; co += 2, to += 2 * plane_bytes) {
      const std::uint32_t next = co + 1 < w.co ? co + 1 : co;
      if (next == co) strip.set_second_out(0);  // the last row alone: with itself
      run_two_rows(
          strip,
          {weights + co * quads * 4, weights + next * quads * 4, requant.rows + co, requant.rows + next},
          quads, to);
    }
  }
}

}  // namespace nsrt::m7
