// Convolution and fully connected layers over rows of nested weights, however these are stored. A Rows has
// block() and visit_row(visit), which calls visit(position, weights[block]) for every record of the current
// row that the subnet uses, as often as it is asked, and next_row().
#pragma once

#include "kernels/ref/ref.h"

namespace nsrt::ref {

template <class Rows>
void conv_nested(const Window& w, Rows rows, const Requant& requant, const std::int8_t* in,
                 std::int8_t* out) {
  for (std::uint32_t co = 0; co < w.co; ++co, rows.next_row()) {
    const RequantRow& rq = requant.rows[co];
    std::int8_t* result = out_plane(w, out, co);
    for (std::uint32_t oy = 0; oy < w.oh; ++oy) {
      for (std::uint32_t ox = 0; ox < w.ow; ++ox) {
        std::int32_t acc = 0;
        rows.visit_row([&](std::uint32_t position, const std::int8_t* weights) {
          const std::uint32_t kx = position % w.kw;
          const std::uint32_t ky = position / w.kw % w.kh;
          const std::uint32_t first = position / w.kw / w.kh * rows.block();
          for (std::uint32_t i = 0; i < rows.block() && first + i < w.ci; ++i) {
            const Plane p = plane(w, in, first + i);
            acc += weights[i] * p.padded(p.row(oy, ky), p.column(ox, kx), requant.input_zero_point);
          }
        });
        *result++ = requantise_s8(acc, rq.bias, rq.multiplier, requant.output_zero_point);
      }
    }
  }
}

template <class Rows>
void linear_nested(std::uint32_t inputs, std::uint32_t units, Rows rows, const Requant& requant,
                   const std::int8_t* in, std::int8_t* out8, std::int16_t* out16) {
  for (std::uint32_t unit = 0; unit < units; ++unit, rows.next_row()) {
    std::int32_t acc = 0;
    rows.visit_row([&](std::uint32_t position, const std::int8_t* weights) {
      const std::uint32_t first = position * rows.block();
      for (std::uint32_t i = 0; i < rows.block() && first + i < inputs; ++i)
        acc += weights[i] * in[first + i];
    });
    store_unit(unit, acc, requant, out8, out16);
  }
}

}  // namespace nsrt::ref
