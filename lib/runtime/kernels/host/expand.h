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
        lo_(s.padded),
        hi_(lo_ + g.padded_h * g.padded_w),
        zeros_(hi_ + g.padded_h * g.padded_w) {
    std::memset(lo_, zero_point, 2 * g.padded_h * g.padded_w);
    std::memset(zeros_, 0, g.padded_w);
  }

  /// All channels in pairs; planes of channels that do not exist are zero, whatever their weights.
  void channels(const std::int8_t* in, const Scratch& s) const {
    const std::size_t channel = std::size_t{w_.ih} * w_.iw;
    // Local copies: what is stored through int8 and int32 pointers could otherwise be these members.
    const Grid g = g_;
    const std::uint32_t ow = w_.ow, sw = w_.sw;
    const std::int8_t *const lo = lo_, *const hi = hi_, *const zeros = zeros_;
    std::int32_t* planes = s.planes;
    for (std::uint32_t c = 0; c < w_.ci; c += 2, planes += g.pair) {
      const bool paired = c + 1u < w_.ci;
      pad(in + c * channel, lo_);
      if (paired) pad(in + (c + 1) * channel, hi_);
      each_row(planes, [&](std::uint32_t y, std::int32_t* row) {
        const std::int8_t* a = lo + y * g.padded_w;
        const std::int8_t* b = paired ? hi + y * g.padded_w : zeros;
        for (std::uint32_t x = 0; x < g.taps_x; ++x) T::expand(a + x, b + x, row + x * g.plane, ow, sw);
      });
    }
    const std::size_t done = static_cast<std::size_t>(planes - s.planes);
    std::memset(planes, 0, (s.planes_size - done) * sizeof *planes);
  }

  /// One channel, in pairs of adjacent columns.
  void columns(const std::int8_t* channel, std::int32_t* planes) const {
    pad(channel, lo_);
    each_row(planes, [&](std::uint32_t y, std::int32_t* row) {
      const std::int8_t* a = lo_ + y * g_.padded_w;
      for (std::uint32_t x = 0; x < 2 * g_.taps_x; x += 2) {
        T::expand(a + x, a + x + 1, row + x / 2 * g_.plane, w_.ow, w_.sw);
      }
    });
  }

 private:
  // Calls write(padded input row, its place in the planes) for every row of every phase.
  template <class Write>
  void each_row(std::int32_t* planes, Write write) const {
    const Grid g = g_;
    const std::uint32_t ow = w_.ow, sh = w_.sh;
    for (std::uint32_t phase = 0; phase < g.phases; ++phase, planes += g.taps_x * g.plane) {
      // Later rows of a phase can lie below what its taps read.
      for (std::uint32_t row = 0, y = phase; row < g.rows && y < g.padded_h; ++row, y += sh) {
        write(y, planes + std::size_t{row} * ow);
      }
    }
  }

  // Copies a channel between its padding, which stays as it is. A whole channel before the first row is
  // expanded: loads that follow overlapping stores at once would wait for them.
  void pad(const std::int8_t* channel, std::int8_t* padded) const {
    const std::uint32_t rows = w_.ih < g_.padded_h - w_.pad_top ? w_.ih : g_.padded_h - w_.pad_top;
    std::int8_t* to = padded + w_.pad_top * g_.padded_w + w_.pad_left;
    if (w_.iw >= 16) {
      copy_rows<16>(channel, to, rows);
    } else if (w_.iw >= 8) {
      copy_rows<8>(channel, to, rows);
    } else {
      copy_rows<1>(channel, to, rows);
    }
  }

  // In pieces of kPiece ≤ iw bytes, the last of which may overlap the one before.
  template <std::uint32_t kPiece>
  void copy_rows(const std::int8_t* from, std::int8_t* to, std::uint32_t rows) const {
    for (; rows != 0; --rows, from += w_.iw, to += g_.padded_w) {
      for (std::uint32_t i = 0; i + kPiece < w_.iw; i += kPiece) std::memcpy(to + i, from + i, kPiece);
      std::memcpy(to + w_.iw - kPiece, from + w_.iw - kPiece, kPiece);
    }
  }

  const Window& w_;
  const Grid& g_;
  std::int8_t* lo_;
  std::int8_t* hi_;
  std::int8_t* zeros_;
};

}  // namespace nsrt::host
