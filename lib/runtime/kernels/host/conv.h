// Convolution and depthwise convolution over int16 pairs, one body for every instruction-set level.
//
// The input is expanded once per layer into padded planes of pairs (grid.h). What is left is, for each weight
// pair, one broadcast and one dual multiply-add per vector of pixels; a sparse row differs from a dense one
// only by a shorter list of (offset, weight pairs). R output channels × V vectors of accumulators stay in
// registers.
//
// A level T gives: Vec (kLanes int32), load, broadcast, zero, dot(acc, pairs, weight) = acc + lo·lo + hi·hi,
// expand(lo, hi, dst, columns, stride), unpack_quads(quads, dst, positions), store_s8(dst, acc, bias, m, zero
// point), and kDenseVectors, kSparseVectors: the largest V that stays in registers for R = kDenseRows and R =
// kSparseRows.
//
// T is a type of an anonymous namespace, so no instantiation is shared between levels.
#pragma once

#include <cstring>

#include "kernels/host/grid.h"
#include "kernels/kernels.h"

namespace nsrt::host {

constexpr int kDenseRows = 4;
constexpr int kSparseRows = 2;

/// The weight pairs of R output channels over the positions they use.
struct PairList {
  const std::int32_t* offsets;
  const std::int32_t* weights;  ///< [R][stride]
  std::uint32_t stride;
  std::uint32_t count;
};

template <class T>
class Conv {
 public:
  static void conv_s8(const Window& w, const std::int8_t* weights, const Requant& requant,
                      const std::int8_t* in, std::int8_t* out, void* scratch) {
    const Conv c(w, PairOf::kChannels, channel_pairs(w), 0, kDenseRows, scratch);
    c.expand_channels(in, requant.input_zero_point);
    const std::size_t row_bytes = std::size_t{(c.sizes_.positions + 1) / 2} * 4;
    for (std::uint32_t first = 0; first < w.co; first += kDenseRows) {
      const std::uint32_t live = w.co - first < kDenseRows ? w.co - first : kDenseRows;
      for (std::uint32_t r = 0; r < live; ++r) {
        T::unpack_quads(weights + (first + r) * row_bytes, c.at_.weights + r * c.sizes_.stride,
                        c.sizes_.positions);
      }
      const PairList list{c.at_.offsets, c.at_.weights, c.sizes_.stride, c.sizes_.positions};
      c.template run<kDenseRows, T::kDenseVectors>(list, c.at_.planes, first, live, requant, out);
    }
  }

  static std::uint32_t conv_s8_scratch_bytes(const Window& w) {
    const Grid g = make_grid(w, PairOf::kChannels);
    return scratch_bytes(conv_sizes(w, g, channel_pairs(w), 0, kDenseRows, T::kLanes));
  }

  static void conv_ncsr_s8(const Window& w, const NestedCsr& csr, const Requant& requant,
                           const std::int8_t* in, std::int8_t* out, void* scratch) {
    const Conv c(w, PairOf::kChannels, sparse_pairs(w, csr.block), slots(w, csr.block), kDenseRows, scratch);
    c.expand_channels(in, requant.input_zero_point);
    c.prepare_sparse(csr.block);
    const std::uint8_t* records = csr.records;
    if (c.is_dense(w, csr)) {
      for (std::uint32_t first = 0; first < w.co; first += kDenseRows) {
        c.template sparse_rows<kDenseRows, T::kDenseVectors>(csr, records, first, requant, out);
      }
    } else {
      for (std::uint32_t first = 0; first < w.co; first += kSparseRows) {
        c.template sparse_rows<kSparseRows, T::kSparseVectors>(csr, records, first, requant, out);
      }
    }
  }

  static std::uint32_t conv_ncsr_s8_scratch_bytes(const Window& w, std::uint8_t block) {
    const Grid g = make_grid(w, PairOf::kChannels);
    return scratch_bytes(conv_sizes(w, g, sparse_pairs(w, block), slots(w, block), kDenseRows, T::kLanes));
  }

  static void dwconv_s8(const Window& w, const std::int8_t* weights, const Requant& requant,
                        const std::int8_t* in, std::int8_t* out, void* scratch) {
    const Conv c(w, PairOf::kColumns, 1, 0, 1, scratch);
    c.fill_constant_rows(requant.input_zero_point);
    const std::size_t row_bytes = (std::size_t{w.kh} * w.kw + 3) / 4 * 4;
    for (std::uint32_t channel = 0; channel < w.co; ++channel) {
      c.expand(in + std::size_t{channel} * w.ih * w.iw, nullptr, c.at_.planes);
      c.pair_columns(weights + channel * row_bytes);
      const PairList list{c.at_.offsets, c.at_.weights, c.sizes_.stride, c.sizes_.positions};
      c.template run<1, T::kSparseVectors>(list, c.at_.planes, channel, 1, requant, out);
    }
  }

  static std::uint32_t dwconv_s8_scratch_bytes(const Window& w) {
    return scratch_bytes(conv_sizes(w, make_grid(w, PairOf::kColumns), 1, 0, 1, T::kLanes));
  }

 private:
  using Vec = typename T::Vec;
  using Half = std::int16_t __attribute__((may_alias));  ///< half of a weight pair

  Conv(const Window& w, PairOf pair, std::uint32_t pairs, std::uint32_t slots, std::uint32_t rows,
       void* scratch)
      : w_(w),
        pair_(pair),
        grid_(make_grid(w, pair)),
        sizes_(conv_sizes(w, grid_, pairs, slots, rows, T::kLanes)),
        at_(place_scratch(sizes_, scratch)) {
    std::int32_t* offset = at_.offsets;
    for (std::uint32_t p = 0; p < pairs; ++p) {
      const std::size_t first = std::size_t{p} * grid_.planes_per_pair * grid_.plane;
      for (std::uint32_t ky = 0; ky < w.kh; ++ky) {
        for (std::uint32_t tap = 0; tap < grid_.taps_x; ++tap) {
          *offset++ = static_cast<std::int32_t>(first + tap_offset(grid_, w, pair, ky, tap));
        }
      }
    }
  }

  static std::uint32_t channel_pairs(const Window& w) { return (w.ci + 1u) / 2; }
  static std::uint32_t channel_blocks(const Window& w, std::uint32_t block) {
    return (w.ci + block - 1) / block;
  }
  static std::uint32_t slots(const Window& w, std::uint32_t block) {
    return channel_blocks(w, block) * w.kh * w.kw;
  }
  static std::uint32_t sparse_pairs(const Window& w, std::uint32_t block) {
    return (channel_blocks(w, block) * block + 1) / 2;
  }

  // ---- input ----

  void fill_constant_rows(std::int8_t zero_point) const {
    std::memset(at_.input_rows, zero_point, 3 * sizes_.input_row);
    std::memset(at_.input_rows + 3 * sizes_.input_row, 0, sizes_.input_row);
  }

  void expand_channels(const std::int8_t* in, std::int8_t zero_point) const {
    fill_constant_rows(zero_point);
    const std::size_t channel = std::size_t{w_.ih} * w_.iw;
    std::int32_t* planes = at_.planes;
    for (std::uint32_t c = 0; c < w_.ci; c += 2, planes += grid_.planes_per_pair * grid_.plane) {
      const std::int8_t* lo = in + c * channel;
      expand(lo, c + 1u < w_.ci ? lo + channel : nullptr, planes);
    }
    // A block's channels beyond the last one: nothing is stored for them, whatever their weights.
    const std::size_t done = static_cast<std::size_t>(planes - at_.planes);
    std::memset(planes, 0, (sizes_.planes - done) * sizeof *planes);
  }

  // All phases of one pair. `hi` null: the second value is 0, or the next column for pairs of columns.
  void expand(const std::int8_t* lo, const std::int8_t* hi, std::int32_t* planes) const {
    std::int8_t* lo_row = at_.input_rows;
    std::int8_t* hi_row = lo_row + sizes_.input_row;
    const std::int8_t* padding = hi_row + sizes_.input_row;
    const std::int8_t* zeros = padding + sizes_.input_row;
    for (std::uint32_t fy = 0; fy < grid_.phases_y; ++fy) {
      for (std::uint32_t row = 0; row < grid_.rows; ++row) {
        const std::int64_t y = std::int64_t{row} * w_.sh + fy - w_.pad_top;
        const bool inside = y >= 0 && y < w_.ih;
        const std::int8_t* a = padding;
        const std::int8_t* b = padding;
        if (inside) {
          std::memcpy(lo_row + w_.pad_left, lo + y * w_.iw, w_.iw);
          a = lo_row;
          if (hi != nullptr) {
            std::memcpy(hi_row + w_.pad_left, hi + y * w_.iw, w_.iw);
            b = hi_row;
          }
        }
        if (pair_ == PairOf::kColumns) {
          b = a + 1;
        } else if (hi == nullptr) {
          b = zeros;
        }
        for (std::uint32_t fx = 0; fx < grid_.phases_x; ++fx) {
          std::int32_t* dst =
              planes + (fy * grid_.phases_x + fx) * grid_.plane + std::size_t{row} * grid_.pitch;
          const std::uint32_t shift = fx * grid_.phase_step;
          T::expand(a + shift, b + shift, dst, grid_.columns, w_.sw);
        }
      }
    }
  }

  // ---- weights ----

  static std::int32_t weight_pair(std::int32_t lo, std::int32_t hi) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(lo & 0xFFFF) | static_cast<std::uint32_t>(hi)
                                                                                   << 16);
  }

  void pair_columns(const std::int8_t* weights) const {
    std::int32_t* pair = at_.weights;
    for (std::uint32_t ky = 0; ky < w_.kh; ++ky, weights += w_.kw) {
      for (std::uint32_t kx = 0; kx < w_.kw; kx += 2) {
        *pair++ = weight_pair(weights[kx], kx + 1u < w_.kw ? weights[kx + 1] : 0);
      }
    }
  }

  // Which int16 of a row of weight pairs [channel pair][tap][2] a record of the file adds to.
  void prepare_sparse(std::uint32_t block) const {
    const std::uint32_t taps = w_.kh * w_.kw;
    std::uint32_t* slot = at_.slots;
    for (std::uint32_t cb = 0; cb < channel_blocks(w_, block); ++cb) {
      const std::uint32_t channel = cb * block;
      for (std::uint32_t tap = 0; tap < taps; ++tap) *slot++ = (channel / 2 * taps + tap) * 2 + channel % 2;
    }
    std::memset(at_.weights, 0, std::size_t{sizes_.rows} * sizes_.stride * sizeof(std::int32_t));
    std::memset(at_.used, 0, (sizes_.positions + 63) / 64 * sizeof(std::uint64_t));
  }

  // More rows at a time reuse each pixel vector more often, but their union of positions is longer.
  bool is_dense(const Window& w, const NestedCsr& csr) const {
    std::uint64_t used = 0;
    for (std::uint32_t row = 0; row < w.co; ++row) {
      for (std::uint32_t level = 0; level < csr.subnet; ++level) used += csr.counts[row * csr.levels + level];
    }
    return used * 2 > std::uint64_t{w.co} * sizes_.slots;
  }

  void mark(std::uint32_t position) const { at_.used[position / 64] |= std::uint64_t{1} << (position % 64); }

  // Adds one row's records, up to the subnet's level, to at_.weights; returns where the next row's records
  // start.
  const std::uint8_t* scatter_row(const NestedCsr& csr, const std::uint8_t* record, std::uint32_t co,
                                  std::int32_t* row) const {
    Half* const values = reinterpret_cast<Half*>(row);
    const std::uint32_t step = 1u + csr.block;
    const std::uint32_t next_pair = 2u * w_.kh * w_.kw;
    const std::uint16_t* counts = csr.counts + std::size_t{co} * csr.levels;
    for (std::uint32_t level = 0; level < csr.levels; ++level) {
      if (level >= csr.subnet) {
        record += std::size_t{counts[level]} * step;
        continue;
      }
      std::uint32_t position = 0;
      for (std::uint32_t i = 0; i < counts[level]; ++i, record += step) {
        position += record[0];
        const std::int8_t* weight = reinterpret_cast<const std::int8_t*>(record + 1);
        const std::uint32_t slot = at_.slots[position];
        mark(slot / 2);
        values[slot] = static_cast<Half>(values[slot] + weight[0]);
        if (csr.block == 1) continue;
        values[slot + 1] = static_cast<Half>(values[slot + 1] + weight[1]);
        if (csr.block == 2) continue;
        const std::uint32_t second = slot + next_pair;
        mark(second / 2);
        values[second] = static_cast<Half>(values[second] + weight[2]);
        values[second + 1] = static_cast<Half>(values[second + 1] + weight[3]);
      }
    }
    return record;
  }

  // Collects the marked positions of R rows into the list and clears them for the next rows.
  template <int R>
  PairList gather() const {
    std::uint32_t count = 0;
    for (std::uint32_t word = 0; word < (sizes_.positions + 63) / 64; ++word) {
      std::uint64_t bits = at_.used[word];
      at_.used[word] = 0;
      for (; bits != 0; bits &= bits - 1) {
        const std::uint32_t position = word * 64 + static_cast<std::uint32_t>(__builtin_ctzll(bits));
        at_.list_offsets[count] = at_.offsets[position];
        for (int r = 0; r < R; ++r) {
          at_.list_weights[r * sizes_.stride + count] = at_.weights[r * sizes_.stride + position];
          at_.weights[r * sizes_.stride + position] = 0;
        }
        ++count;
      }
    }
    return {at_.list_offsets, at_.list_weights, sizes_.stride, count};
  }

  template <int R, int V>
  void sparse_rows(const NestedCsr& csr, const std::uint8_t*& records, std::uint32_t first,
                   const Requant& requant, std::int8_t* out) const {
    const std::uint32_t live = w_.co - first < R ? w_.co - first : R;
    for (std::uint32_t r = 0; r < live; ++r) {
      records = scatter_row(csr, records, first + r, at_.weights + r * sizes_.stride);
    }
    run<R, V>(gather<R>(), at_.planes, first, live, requant, out);
  }

  // ---- arithmetic ----

  // All outputs of `live` ≤ R channels, at most V vectors at a time, in tiles of nearly equal size.
  template <int R, int V>
  void run(const PairList& list, const std::int32_t* planes, std::uint32_t first, std::uint32_t live,
           const Requant& requant, std::int8_t* out) const {
    const std::uint32_t vectors = (grid_.flat + T::kLanes - 1) / T::kLanes;
    std::uint32_t tiles = (vectors + V - 1) / V;
    for (std::uint32_t done = 0; tiles != 0; --tiles) {
      const std::uint32_t now = (vectors - done + tiles - 1) / tiles;
      tile_of<R, V>(now, list, planes + done * T::kLanes, requant, first, live,
                    at_.results + done * T::kLanes);
      done += now;
    }
    for (std::uint32_t r = 0; r < live; ++r) copy_rows(at_.results + r * sizes_.results, out, first + r);
  }

  template <int R, int V>
  void tile_of(std::uint32_t vectors, const PairList& list, const std::int32_t* planes,
               const Requant& requant, std::uint32_t first, std::uint32_t live, std::int8_t* results) const {
    if constexpr (V > 1) {
      if (vectors < V) return tile_of<R, V - 1>(vectors, list, planes, requant, first, live, results);
    }
    tile<R, V>(list, planes, requant, first, live, results, sizes_.results);
  }

  template <int R, int V>
  static void tile(const PairList& list, const std::int32_t* planes, const Requant& requant,
                   std::uint32_t first, std::uint32_t live, std::int8_t* results, std::size_t results_row) {
    Vec acc[R][V];
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 32
      for (int v = 0; v < V; ++v) acc[r][v] = T::zero();
    }
    for (std::uint32_t i = 0; i < list.count; ++i) {
      const std::int32_t* pixels = planes + list.offsets[i];
      Vec x[V];
#pragma GCC unroll 32
      for (int v = 0; v < V; ++v) x[v] = T::load(pixels + v * T::kLanes);
#pragma GCC unroll 32
      for (int r = 0; r < R; ++r) {
        const Vec weight = T::broadcast(list.weights[r * list.stride + i]);
#pragma GCC unroll 32
        for (int v = 0; v < V; ++v) acc[r][v] = T::dot(acc[r][v], x[v], weight);
      }
    }
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r) {
      if (static_cast<std::uint32_t>(r) >= live) break;
      const RequantRow rq = requant.rows[first + r];
#pragma GCC unroll 32
      for (int v = 0; v < V; ++v) {
        T::store_s8(results + r * results_row + v * T::kLanes, acc[r][v], rq.bias, rq.multiplier,
                    requant.output_zero_point);
      }
    }
  }

  // From the flat grid to the dense output plane.
  void copy_rows(const std::int8_t* results, std::int8_t* out, std::uint32_t co) const {
    std::int8_t* to = out + std::size_t{co} * w_.oh * w_.ow;
    for (std::uint32_t y = 0; y < w_.oh; ++y) std::memcpy(to + y * w_.ow, results + y * grid_.pitch, w_.ow);
  }

  const Window& w_;
  PairOf pair_;
  Grid grid_;
  ConvSizes sizes_;
  ConvScratch at_;
};

}  // namespace nsrt::host
