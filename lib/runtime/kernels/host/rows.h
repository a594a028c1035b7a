// The operators without a window of weights: linear, pools, addition. Plain loops that the compiler
// vectorises with each level's instructions; T keeps the instantiations of different levels apart.
#pragma once

#include <cstring>

#include "kernels/kernels.h"

namespace nsrt::host {

/// Requantises `count` units from `first` on; outside the templates, for it is the same code at every level.
void store_units(std::uint32_t first, std::uint32_t count, const std::int32_t* sums, const Requant&,
                 std::int8_t* out8, std::int16_t* out16);
/// One pixel of average pooling.
std::int8_t average(std::int32_t sum, const PoolRequant&);
/// Records address single inputs: nothing to vectorise.
void linear_ncsr_s8(std::uint32_t inputs, std::uint32_t units, const NestedCsr&, const Requant&,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16);
void linear_rice_s8(std::uint32_t inputs, std::uint32_t units, const NestedRice&, const Requant&,
                    const std::int8_t* in, std::int8_t* out8, std::int16_t* out16);

template <class T>
struct Rows {
  static void linear_s8(std::uint32_t inputs, std::uint32_t units, const std::int8_t* weights,
                        const Requant& requant, const std::int8_t* in, std::int8_t* out8,
                        std::int16_t* out16) {
    const std::size_t row_bytes = (std::size_t{inputs} + 3) / 4 * 4;
    for (std::uint32_t unit = 0; unit < units; ++unit) {
      const std::int8_t* row = weights + unit * row_bytes;
      std::int32_t sum = 0;
      for (std::uint32_t i = 0; i < inputs; ++i) sum += row[i] * in[i];
      store_units(unit, 1, &sum, requant, out8, out16);
    }
  }

  static void add_s8(std::uint32_t count, const AddRequant& requant, const std::int8_t* a,
                     const std::int8_t* b, std::int8_t* out) {
    // The local copy tells the compiler that nothing overlaps, although out may be a or b.
    constexpr std::uint32_t kChunk = 64;
    std::int8_t sums[kChunk];
    for (; count >= kChunk; count -= kChunk, a += kChunk, b += kChunk, out += kChunk) {
      for (std::uint32_t i = 0; i < kChunk; ++i) sums[i] = add_one(requant, a[i], b[i]);
      std::memcpy(out, sums, kChunk);
    }
    for (std::uint32_t i = 0; i < count; ++i) out[i] = add_one(requant, a[i], b[i]);
  }

  static void max_pool_s8(const Window& w, const std::int8_t* in, std::int8_t* out) {
    for (std::uint32_t c = 0; c < w.co; ++c, in += std::size_t{w.ih} * w.iw) {
      for (std::uint32_t oy = 0; oy < w.oh; ++oy, out += w.ow) {
        std::memset(out, -128, w.ow);
        for (std::uint32_t ky = 0; ky < w.kh; ++ky) {
          const std::int64_t y = std::int64_t{oy} * w.sh + ky - w.pad_top;
          if (y < 0 || y >= w.ih) continue;
          for (std::uint32_t kx = 0; kx < w.kw; ++kx) max_row(w, in + y * w.iw, kx, out);
        }
      }
    }
  }

  static void avg_pool_s8(const Window& w, const PoolRequant& requant, const std::int8_t* in,
                          std::int8_t* out) {
    for (std::uint32_t c = 0; c < w.co; ++c, in += std::size_t{w.ih} * w.iw) {
      for (std::uint32_t oy = 0; oy < w.oh; ++oy) {
        const Range y = inside(oy * w.sh, w.pad_top, w.kh, w.ih);
        for (std::uint32_t ox = 0; ox < w.ow; ++ox) {
          const Range x = inside(ox * w.sw, w.pad_left, w.kw, w.iw);
          *out++ = average(sum(in + y.begin * w.iw + x.begin, y.count(), x.count(), w.iw), requant);
        }
      }
    }
  }

 private:
  struct Range {
    std::int64_t begin, end;
    std::int64_t count() const { return end > begin ? end - begin : 0; }
  };

  // The part of a window that starts at `start` − `padding` and lies within [0, extent).
  static Range inside(std::int64_t start, std::int64_t padding, std::int64_t length, std::int64_t extent) {
    const std::int64_t begin = start - padding, end = begin + length;
    return {begin < 0 ? 0 : begin, end > extent ? extent : end};
  }

  static std::int32_t sum(const std::int8_t* values, std::int64_t rows, std::int64_t columns,
                          std::int64_t pitch) {
    if (columns == pitch) {
      columns *= rows;
      rows = 1;
    }
    std::int32_t total = 0;
    for (std::int64_t y = 0; y < rows; ++y, values += pitch) {
      for (std::int64_t x = 0; x < columns; ++x) total += values[x];
    }
    return total;
  }

  static std::int8_t add_one(const AddRequant& r, std::int8_t a, std::int8_t b) {
    const std::int32_t sum = (a * r.m0 + b * r.m1 + r.bias) >> r.shift;
    return static_cast<std::int8_t>(sum < -128 ? -128 : sum > 127 ? 127 : sum);
  }

  // out[ox] = max(out[ox], row[ox·sw + kx − pad_left]) where that is a pixel.
  static void max_row(const Window& w, const std::int8_t* row, std::uint32_t kx, std::int8_t* out) {
    const std::int64_t shift = std::int64_t{kx} - w.pad_left;
    const std::int64_t begin = shift >= 0 ? 0 : (-shift + w.sw - 1) / w.sw;
    std::int64_t end = shift >= w.iw ? 0 : (w.iw - 1 - shift) / w.sw + 1;
    if (end > w.ow) end = w.ow;
    if (begin >= end) return;
    row += begin * w.sw + shift;
    out += begin;
    const std::int64_t count = end - begin;
    if (w.sw == 1) {
      max_pieces<1>(row, out, count);
    } else if (w.sw == 2) {
      max_pieces<2>(row, out, count);
    } else {
      for (std::int64_t x = 0; x < count; ++x) out[x] = larger(out[x], row[x * w.sw]);
    }
  }

  static std::int8_t larger(std::int8_t a, std::int8_t b) { return a < b ? b : a; }

  template <int kStride>
  static void max_pieces(const std::int8_t* row, std::int8_t* out, std::int64_t count) {
    if (count >= 16) {
      max_pieces_of<16, kStride>(row, out, count);
    } else if (count >= 8) {
      max_pieces_of<8, kStride>(row, out, count);
    } else {
      max_pieces_of<1, kStride>(row, out, count);
    }
  }

  // In pieces of kPiece ≤ count elements; the last may overlap the one before, which does not change a
  // maximum.
  template <int kPiece, int kStride>
  static void max_pieces_of(const std::int8_t* row, std::int8_t* out, std::int64_t count) {
    for (std::int64_t x = 0; x + kPiece < count; x += kPiece)
      max_piece<kPiece, kStride>(row + x * kStride, out + x);
    max_piece<kPiece, kStride>(row + (count - kPiece) * kStride, out + count - kPiece);
  }

  template <int kPiece, int kStride>
  static void max_piece(const std::int8_t* row, std::int8_t* out) {
    std::int8_t best[kPiece];
    for (int i = 0; i < kPiece; ++i) best[i] = larger(out[i], row[i * kStride]);
    std::memcpy(out, best, kPiece);
  }
};

}  // namespace nsrt::host
