#include "kernels/ref/ref.h"

namespace nsrt::ref {

void max_pool_s8(const Window& w, const std::int8_t* in, std::int8_t* out) {
  for (std::uint32_t c = 0; c < w.co; ++c) {
    const Plane p = plane(w, in, c);
    std::int8_t* result = out_plane(w, out, c);
    for (std::uint32_t oy = 0; oy < w.oh; ++oy) {
      for (std::uint32_t ox = 0; ox < w.ow; ++ox) {
        std::int8_t largest = -128;
        for (std::uint32_t ky = 0; ky < w.kh; ++ky) {
          for (std::uint32_t kx = 0; kx < w.kw; ++kx) {
            const std::int32_t y = p.row(oy, ky), x = p.column(ox, kx);
            if (p.inside(y, x) && p.at(y, x) > largest) largest = p.at(y, x);
          }
        }
        *result++ = largest;
      }
    }
  }
}

}  // namespace nsrt::ref
