// Expansion of an int8 input into the planes of grid.h.
#pragma once

#include <cstring>

#include "kernels/host/grid.h"

namespace nsrt::host {

template <class T>
class Expander {
 public:
  Expander(const Window& w, const Grid& g, const Scratch& s, std::int8_t zero_point)
      : w_(w),
        g_(g),
        lo_row_(s.input_rows),
        hi_row_(lo_row_ + s.input_row),
        padding_(hi_row_ + s.input_row),
        zeros_(padding_ + s.input_row) {
    std::memset(s.input_rows, zero_point, 3 * s.input_row);
    std::memset(s.input_rows + 3 * s.input_row, 0, s.input_row);
  }

  /// All channels in pairs; planes of channels that do not exist are zero, whatever their weights.
  void channels(const std::int8_t* in, const Scratch& s) const {
    const std::size_t channel = std::size_t{w_.ih} * w_.iw;
    const std::int8_t* const end = in + w_.ci * channel;
    std::int32_t* planes = s.planes;
    for (std::uint32_t c = 0; c < w_.ci; c += 2, planes += g_.pair) {
      const std::int8_t* lo = in + c * channel;
      const bool paired = c + 1u < w_.ci;
      each_row(planes, [&](std::int64_t y, std::int32_t* row) {
        const std::int8_t* a = fetch(lo_row_, lo, y, end);
        const std::int8_t* b = paired ? fetch(hi_row_, lo + channel, y, end) : zeros_;
        for (std::uint32_t x = 0; x < g_.taps_x; ++x)
          T::expand(a + x, b + x, row + x * g_.plane, w_.ow, w_.sw);
      });
    }
    const std::size_t done = static_cast<std::size_t>(planes - s.planes);
    std::memset(planes, 0, (s.planes_size - done) * sizeof *planes);
  }

  /// One channel, in pairs of adjacent columns. `end` is the end of the whole input.
  void columns(const std::int8_t* channel, const std::int8_t* end, std::int32_t* planes) const {
    each_row(planes, [&](std::int64_t y, std::int32_t* row) {
      const std::int8_t* a = fetch(lo_row_, channel, y, end);
      for (std::uint32_t x = 0; x < g_.taps_x; ++x) {
        T::expand(a + 2 * x, a + 2 * x + 1, row + x * g_.plane, w_.ow, w_.sw);
      }
    });
  }

 private:
  // Calls write(input row, its place in the planes) for every row of every phase.
  template <class Write>
  void each_row(std::int32_t* planes, Write write) const {
    for (std::uint32_t phase = 0; phase < g_.phases; ++phase, planes += g_.taps_x * g_.plane) {
      for (std::uint32_t row = 0; row < g_.rows; ++row) {
        write(std::int64_t{row} * w_.sh + phase - w_.pad_top, planes + std::size_t{row} * w_.ow);
      }
    }
  }

  // An input row with its padding. Copies in whole vectors where the input goes on behind the row.
  const std::int8_t* fetch(std::int8_t* to, const std::int8_t* channel, std::int64_t y,
                           const std::int8_t* end) const {
    if (y < 0 || y >= w_.ih) return padding_;
    constexpr std::ptrdiff_t kChunk = 16;
    const std::int8_t* from = channel + y * w_.iw;
    std::int8_t* pixels = to + w_.pad_left;
    if (end - from < w_.iw + kChunk) {
      std::memcpy(pixels, from, w_.iw);
    } else {
      for (std::ptrdiff_t i = 0; i < w_.iw; i += kChunk) std::memcpy(pixels + i, from + i, kChunk);
    }
    for (std::ptrdiff_t i = 0; i < w_.kw; i += kChunk) std::memcpy(pixels + w_.iw + i, padding_, kChunk);
    return to;
  }

  const Window& w_;
  const Grid& g_;
  std::int8_t* lo_row_;
  std::int8_t* hi_row_;
  const std::int8_t* padding_;
  const std::int8_t* zeros_;
};

}  // namespace nsrt::host
