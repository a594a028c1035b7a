// Convolution and depthwise convolution, one body for every instruction-set level.
//
// A level T gives: Vec, kLanes int32 sums in kChains registers; Pairs, as many int16 pairs; zero, add (of
// Vec); load, broadcast (to Pairs); dot(acc, pairs, weight): acc += lo·lo + hi·hi; expand(lo, hi, dst,
// columns, stride): int16 pairs, in whole vectors; unpack_quads(quads, dst, positions); store_s8(to, count,
// acc, bias, multiplier, zero point); kVectorsOfOneRow and kVectorsOfDenseRows: how many vectors of
// accumulators registers hold. T is a type of an anonymous namespace, so no instantiation is shared between
// levels.
#pragma once

#include "kernels/gate.h"
#include "kernels/host/expand.h"
#include "kernels/host/grid.h"
#include "kernels/host/tile.h"
#include "kernels/kernels.h"
#include "kernels/rice.h"

namespace nsrt::host {

/// Weights of as many rows as fit are unpacked at a time, so that a tile's pixels are used for all of them.
constexpr std::size_t kChunkWeights = 4096;
constexpr std::uint32_t kChunkRows = 64;

/// Nested rows as lists of offsets and weight pairs; compiled once (sparse_rows.cpp).
class SparseRows {
 public:
  SparseRows(const Window&, const Grid&, const NestedCsr&, const Scratch&);
  SparseRows(const Window&, const Grid&, const NestedRice&, const Scratch&);
  static std::uint32_t channel_pairs(const Window&, std::uint32_t block);
  static Demand demand(const Window&, std::uint32_t block);

  /// Reads rows from `first` on until the lists are full; returns how many.
  std::uint32_t read(std::uint32_t first);
  /// List of the row `first` + i.
  PairList list(std::uint32_t i) const;

 private:
  std::size_t entries_of(std::uint32_t row) const;
  std::size_t append_row(std::uint32_t row, std::size_t at);
  std::size_t append_rice_row(std::size_t at);

  const Window& w_;
  const Grid& g_;
  const Scratch& s_;
  const NestedCsr csr_{};
  const std::uint8_t* record_ = nullptr;
  RiceRows rice_;
  const bool is_rice_;
  const std::uint32_t block_;
  std::size_t begin_[kChunkRows + 1];
};

/// Bytes of a gated convolution's rows, in front of its scratch.
constexpr std::uint32_t gated_rows_bytes(const Window& w) {
  return (8u * w.co + 63) / 64 * 64;
}

template <class T>
struct Conv {
  /// Computes losers too, with multiplier 0: the host has no board's time to save.
  static void conv_gated_s8(const Window& w, const std::int8_t* weights, const Requant& requant,
                            const Gate& gate, const std::int8_t* in, std::int8_t* out, void* scratch) {
    auto* const rows = static_cast<RequantRow*>(scratch);
    gated_rows(gate, w.co, requant.rows, rows);
    conv_s8(w, weights, {requant.input_zero_point, requant.output_zero_point, rows}, in, out,
            static_cast<std::uint8_t*>(scratch) + gated_rows_bytes(w));
  }
  static std::uint32_t conv_gated_s8_scratch_bytes(const Window& w) {
    const std::uint32_t conv = conv_s8_scratch_bytes(w), rows = gated_rows_bytes(w);
    return conv > UINT32_MAX - rows ? UINT32_MAX : conv + rows;
  }

  static void conv_s8(const Window& w, const std::int8_t* weights, const Requant& requant,
                      const std::int8_t* in, std::int8_t* out, void* scratch) {
    const Grid g = dense_grid(w);
    const Demand demand = dense_demand(g);
    const Scratch s = place_scratch(g, demand, scratch);
    fill_offsets(w, g, s.offsets);
    Expander<T>(w, g, s, requant.input_zero_point).channels(in, s);
    const Tiles<T> tiles(g.outputs, requant, out);
    const std::size_t stride = dense_stride(g), row_bytes = (std::size_t{g.positions} + 1) / 2 * 4;
    const std::uint32_t chunk = static_cast<std::uint32_t>(demand.weights / stride);
    for (std::uint32_t first = 0; first < w.co; first += chunk) {
      const std::uint32_t rows = w.co - first < chunk ? w.co - first : chunk;
      for (std::uint32_t r = 0; r < rows; ++r) {
        T::unpack_quads(weights + (first + r) * row_bytes, s.weights + r * stride, g.positions);
      }
      tiles.template split<kDenseRows>([&](std::uint32_t vector, std::uint32_t vectors) {
        PairList list{s.offsets, s.weights, stride, g.positions};
        std::uint32_t r = 0;
        for (; r + kDenseRows <= rows; r += kDenseRows, list.weights += kDenseRows * stride) {
          tiles.template compute<kDenseRows>(list, s.planes, first + r, vector, vectors);
        }
        for (; r < rows; ++r, list.weights += stride) {
          tiles.template compute<1>(list, s.planes, first + r, vector, vectors);
        }
      });
    }
  }

  static std::uint32_t conv_s8_scratch_bytes(const Window& w) {
    const Grid g = dense_grid(w);
    return scratch_bytes(g, dense_demand(g));
  }

  static void conv_ncsr_s8(const Window& w, const NestedCsr& csr, const Requant& requant,
                           const std::int8_t* in, std::int8_t* out, void* scratch) {
    conv_nested(w, csr, requant, in, out, scratch);
  }
  static void conv_rice_s8(const Window& w, const NestedRice& rice, const Requant& requant,
                           const std::int8_t* in, std::int8_t* out, void* scratch) {
    conv_nested(w, rice, requant, in, out, scratch);
  }

  template <class Nested>
  static void conv_nested(const Window& w, const Nested& nested, const Requant& requant,
                          const std::int8_t* in, std::int8_t* out, void* scratch) {
    const Grid g = make_grid(w, PairOf::kChannels, SparseRows::channel_pairs(w, nested.block));
    const Scratch s = place_scratch(g, SparseRows::demand(w, nested.block), scratch);
    fill_offsets(w, g, s.offsets);
    Expander<T>(w, g, s, requant.input_zero_point).channels(in, s);
    const Tiles<T> tiles(g.outputs, requant, out);
    SparseRows sparse(w, g, nested, s);
    for (std::uint32_t first = 0, rows; first < w.co; first += rows) {
      rows = sparse.read(first);
      tiles.template split<1>([&](std::uint32_t vector, std::uint32_t vectors) {
        for (std::uint32_t r = 0; r < rows; ++r) {
          tiles.template compute<1>(sparse.list(r), s.planes, first + r, vector, vectors);
        }
      });
    }
  }

  static std::uint32_t conv_ncsr_s8_scratch_bytes(const Window& w, std::uint8_t block) {
    const Grid g = make_grid(w, PairOf::kChannels, SparseRows::channel_pairs(w, block));
    return scratch_bytes(g, SparseRows::demand(w, block));
  }

  static void dwconv_s8(const Window& w, const std::int8_t* weights, const Requant& requant,
                        const std::int8_t* in, std::int8_t* out, void* scratch) {
    const Grid g = make_grid(w, PairOf::kColumns, 1);
    const Scratch s = place_scratch(g, {g.positions, false}, scratch);
    fill_offsets(w, g, s.offsets);
    const Expander<T> expander(w, g, s, requant.input_zero_point);
    const Tiles<T> tiles(g.outputs, requant, out);
    const PairList list{s.offsets, s.weights, 0, g.positions};
    const std::size_t row_bytes = (std::size_t{w.kh} * w.kw + 3) / 4 * 4, plane = std::size_t{w.ih} * w.iw;
    for (std::uint32_t c = 0; c < w.co; ++c) {
      expander.columns(in + c * plane, s.planes);
      pair_columns(w, weights + c * row_bytes, s.weights);
      tiles.template split<1>([&](std::uint32_t vector, std::uint32_t vectors) {
        tiles.template compute<1>(list, s.planes, c, vector, vectors);
      });
    }
  }

  static std::uint32_t dwconv_s8_scratch_bytes(const Window& w) {
    const Grid g = make_grid(w, PairOf::kColumns, 1);
    return scratch_bytes(g, {g.positions, false});
  }

 private:
  static Grid dense_grid(const Window& w) { return make_grid(w, PairOf::kChannels, (w.ci + 1u) / 2); }
  static std::size_t dense_stride(const Grid& g) { return (std::size_t{g.positions} + 15) / 16 * 16; }
  static Demand dense_demand(const Grid& g) {
    const std::size_t group = kDenseRows * dense_stride(g);
    return {group < kChunkWeights ? kChunkWeights / group * group : group, false};
  }

  static void pair_columns(const Window& w, const std::int8_t* weights, std::int32_t* pair) {
    for (std::uint32_t ky = 0; ky < w.kh; ++ky, weights += w.kw) {
      for (std::uint32_t kx = 0; kx < w.kw; kx += 2) {
        const std::uint32_t hi = kx + 1u < w.kw ? static_cast<std::uint32_t>(weights[kx + 1]) : 0;
        *pair++ = static_cast<std::int32_t>((weights[kx] & 0xFFFFu) | hi << 16);
      }
    }
  }
};

}  // namespace nsrt::host
