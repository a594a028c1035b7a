#include "kernels/ref/ncsr_walk.h"
#include "kernels/ref/ref.h"

namespace nsrt::ref {

void conv_ncsr_s8(const Window& w, const NestedCsr& csr, const Requant& requant, const std::int8_t* in,
                  std::int8_t* out, void*) {
  NcsrRows rows(csr);
  for (std::uint32_t co = 0; co < w.co; ++co, rows.next_row()) {
    const RequantRow& rq = requant.rows[co];
    std::int8_t* result = out_plane(w, out, co);
    for (std::uint32_t oy = 0; oy < w.oh; ++oy) {
      for (std::uint32_t ox = 0; ox < w.ow; ++ox) {
        std::int32_t acc = 0;
        rows.visit_row([&](std::uint32_t position, const std::int8_t* weights) {
          const std::uint32_t kx = position % w.kw;
          const std::uint32_t ky = position / w.kw % w.kh;
          const std::uint32_t first = position / w.kw / w.kh * csr.block;
          for (std::uint32_t i = 0; i < csr.block && first + i < w.ci; ++i) {
            const Plane p = plane(w, in, first + i);
            acc += weights[i] * p.padded(p.row(oy, ky), p.column(ox, kx), requant.input_zero_point);
          }
        });
        *result++ = requantise_s8(acc, rq.bias, rq.multiplier, requant.output_zero_point);
      }
    }
  }
}

}  // namespace nsrt::ref
