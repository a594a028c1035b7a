// The reference kernels: plain loops, the executable form of docs/numerics.md. Nothing here is tuned.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"
#include "kernels/requantise.h"

namespace nsrt::ref {

void conv_s8(const Window&, const std::int8_t* weights, const Requant&, const std::int8_t* in,
             std::int8_t* out, void* scratch);
void conv_ncsr_s8(const Window&, const NestedCsr&, const Requant&, const std::int8_t* in, std::int8_t* out,
                  void* scratch);
void conv_rice_s8(const Window&, const NestedRice&, const Requant&, const std::int8_t* in, std::int8_t* out,
                  void* scratch);
void conv_gated_s8(const Window&, const std::int8_t* weights, const Requant&, const Gate&,
                   const std::int8_t* in, std::int8_t* out, void* scratch);
void dwconv_s8(const Window&, const std::int8_t* weights, const Requant&, const std::int8_t* in,
               std::int8_t* out, void* scratch);
void linear_s8(std::uint32_t inputs, std::uint32_t units, const std::int8_t* weights, const Requant&,
               const std::int8_t* in, std::int8_t* out8, std::int16_t* out16);
void linear_ncsr_s8(std::uint32_t inputs, std::uint32_t units, const NestedCsr&, const Requant&,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16);
void linear_rice_s8(std::uint32_t inputs, std::uint32_t units, const NestedRice&, const Requant&,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16);
void max_pool_s8(const Window&, const std::int8_t* in, std::int8_t* out);
void avg_pool_s8(const Window&, const PoolRequant&, const std::int8_t* in, std::int8_t* out);
void add_s8(std::uint32_t count, const AddRequant&, const std::int8_t* a, const std::int8_t* b,
            std::int8_t* out);
void bconv(const Window&, const std::uint32_t* weights, const Steps&, const Requant&, const std::int8_t* in,
           std::int8_t* out, void* scratch);
void step_s8(std::uint32_t channels, std::uint32_t pixels, const Steps&, const std::int8_t* in,
             std::int8_t* out);

/// The level of one value.
inline std::int8_t level_of(std::int32_t x, const Steps& steps, std::uint32_t channel) {
  const std::int16_t* row = steps.rows + std::size_t{channel} * (steps.count + 1u);
  int passed = 0;
  for (unsigned j = 1; j <= steps.count; ++j) passed += row[j] <= x;
  return static_cast<std::int8_t>(passed ^ row[0]);
}

/// Requantises one unit of a linear operator into whichever output is there.
inline void store_unit(std::uint32_t unit, std::int32_t acc, const Requant& requant, std::int8_t* out8,
                       std::int16_t* out16) {
  const RequantRow& rq = requant.rows[unit];
  const std::int32_t value = requant.output_zero_point + multiply_high_rounded(acc + rq.bias, rq.multiplier);
  if (out8 != nullptr) {
    out8[unit] = saturate_s8(value);
  } else {
    out16[unit] = saturate_s16(value);
  }
}

/// One plane of a planar activation, seen through a window.
struct Plane {
  const std::int8_t* data;  ///< [ih][iw]
  const Window& window;

  /// Row of the input under output row `oy` and tap row `ky`; outside [0, ih) is padding. Columns alike.
  std::int32_t row(std::uint32_t oy, std::uint32_t ky) const {
    return static_cast<std::int32_t>(oy * window.sh + ky) - window.pad_top;
  }
  std::int32_t column(std::uint32_t ox, std::uint32_t kx) const {
    return static_cast<std::int32_t>(ox * window.sw + kx) - window.pad_left;
  }
  bool inside(std::int32_t y, std::int32_t x) const {
    return y >= 0 && y < window.ih && x >= 0 && x < window.iw;
  }
  std::int8_t at(std::int32_t y, std::int32_t x) const {
    return data[static_cast<std::size_t>(y) * window.iw + static_cast<std::size_t>(x)];
  }
  std::int32_t padded(std::int32_t y, std::int32_t x, std::int8_t padding) const {
    return inside(y, x) ? at(y, x) : padding;
  }
};

inline Plane plane(const Window& w, const std::int8_t* in, std::uint32_t channel) {
  return {in + std::size_t{channel} * w.ih * w.iw, w};
}

/// Start of an output plane.
inline std::int8_t* out_plane(const Window& w, std::int8_t* out, std::uint32_t channel) {
  return out + std::size_t{channel} * w.oh * w.ow;
}

}  // namespace nsrt::ref
