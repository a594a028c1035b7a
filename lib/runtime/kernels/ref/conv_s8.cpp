#include "kernels/ref/ref.h"

namespace nsrt::ref {
namespace {

// Weight of (channel c, tap ky, kx) in a row of dense quads: docs/format/nsm.md, encoding 1.
std::int32_t quad_weight(const Window& w, const std::int8_t* row, std::uint32_t c, std::uint32_t ky,
                         std::uint32_t kx) {
  const std::uint32_t position = ((c / 2) * w.kh + ky) * w.kw + kx;
  return row[std::size_t{position / 2} * 4 + (c % 2) * 2 + position % 2];
}

}  // namespace

void conv_s8(const Window& w, const std::int8_t* weights, const Requant& requant, const std::int8_t* in,
             std::int8_t* out, void*) {
  const std::uint32_t positions = (w.ci + 1u) / 2 * w.kh * w.kw;
  const std::size_t row_bytes = std::size_t{(positions + 1) / 2} * 4;
  for (std::uint32_t co = 0; co < w.co; ++co) {
    const std::int8_t* row = weights + co * row_bytes;
    const RequantRow& rq = requant.rows[co];
    std::int8_t* result = out_plane(w, out, co);
    for (std::uint32_t oy = 0; oy < w.oh; ++oy) {
      for (std::uint32_t ox = 0; ox < w.ow; ++ox) {
        std::int32_t acc = 0;
        for (std::uint32_t c = 0; c < w.ci; ++c) {
          const Plane p = plane(w, in, c);
          for (std::uint32_t ky = 0; ky < w.kh; ++ky) {
            for (std::uint32_t kx = 0; kx < w.kw; ++kx) {
              acc += quad_weight(w, row, c, ky, kx) *
                     p.padded(p.row(oy, ky), p.column(ox, kx), requant.input_zero_point);
            }
          }
        }
        *result++ = requantise_s8(acc, rq.bias, rq.multiplier, requant.output_zero_point);
      }
    }
  }
}

}  // namespace nsrt::ref
