#include "kernels/ref/ref.h"

namespace nsrt::ref {

void bconv(const Window& w, const std::uint32_t* weights, const Steps& steps, const Requant& requant,
           const std::int8_t* in, std::int8_t* out, void*) {
  const std::uint32_t row_words = binary_row_words(w);
  for (std::uint32_t co = 0; co < w.co; ++co, weights += row_words) {
    std::int8_t* result = out_plane(w, out, co);
    for (std::uint32_t oy = 0; oy < w.oh; ++oy) {
      for (std::uint32_t ox = 0; ox < w.ow; ++ox) {
        std::int32_t acc = 0;
        for (std::uint32_t c = 0; c < w.ci; ++c) {
          const Plane p = plane(w, in, c);
          for (std::uint32_t ky = 0; ky < w.kh; ++ky) {
            for (std::uint32_t kx = 0; kx < w.kw; ++kx) {
              const std::uint32_t nibble = (c / 4 * w.kh + ky) * w.kw + kx;
              const bool positive = (weights[nibble / 8] >> (nibble % 8 * 4 + c % 4) & 1) != 0;
              const std::int32_t q = p.padded(p.row(oy, ky), p.column(ox, kx), 0);
              acc += positive ? q : -q;
            }
          }
        }
        *result++ = steps.count != 0 ? level_of(acc, steps, co)
                                     : requantise_s8(acc, requant.rows[co].bias, requant.rows[co].multiplier,
                                                     requant.output_zero_point);
      }
    }
  }
}

}  // namespace nsrt::ref
