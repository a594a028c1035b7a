#include "kernels/ref/ref.h"

namespace nsrt::ref {

void dwconv_s8(const Window& w, const std::int8_t* weights, const Requant& requant, const std::int8_t* in,
               std::int8_t* out, void*) {
  const std::size_t row_bytes = (std::size_t{w.kh} * w.kw + 3) / 4 * 4;
  for (std::uint32_t c = 0; c < w.co; ++c) {
    const std::int8_t* row = weights + c * row_bytes;
    const RequantRow& rq = requant.rows[c];
    const Plane p = plane(w, in, c);
    std::int8_t* result = out_plane(w, out, c);
    for (std::uint32_t oy = 0; oy < w.oh; ++oy) {
      for (std::uint32_t ox = 0; ox < w.ow; ++ox) {
        std::int32_t acc = 0;
        for (std::uint32_t ky = 0; ky < w.kh; ++ky) {
          for (std::uint32_t kx = 0; kx < w.kw; ++kx) {
            acc += row[ky * w.kw + kx] * p.padded(p.row(oy, ky), p.column(ox, kx), requant.input_zero_point);
          }
        }
        *result++ = requantise_s8(acc, rq.bias, rq.multiplier, requant.output_zero_point);
      }
    }
  }
}

}  // namespace nsrt::ref
