// The arithmetic: R output channels × V vectors of output pixels in registers, over a list of weight pairs.
// Each list entry costs one broadcast per channel and one dual multiply-add per vector; a sparse row only has
// a shorter list.
#pragma once

#include "kernels/kernels.h"

namespace nsrt::host {

constexpr int kDenseRows = 4;

/// Weight pairs of one or kDenseRows output channels and the pixels they multiply.
struct PairList {
  const std::int32_t* offsets;  ///< [count], into the planes
  const std::int32_t* weights;  ///< [rows][stride], pairs of int16
  std::size_t stride;
  std::size_t count;
};

template <class T>
class Tiles {
 public:
  Tiles(std::uint32_t outputs, const Requant& requant, std::int8_t* out)
      : outputs_(outputs), requant_(requant), out_(out) {}

  /// Calls each(first vector, vectors) for pieces of the plane that R rows' accumulators can hold, of nearly
  /// equal size.
  template <int R, class Each>
  void split(Each each) const {
    const std::uint32_t vectors = (outputs_ + T::kLanes - 1) / T::kLanes;
    std::uint32_t tiles = (vectors + most<R>() - 1) / most<R>();
    for (std::uint32_t done = 0; tiles != 0; --tiles) {
      const std::uint32_t now = (vectors - done + tiles - 1) / tiles;
      each(done, now);
      done += now;
    }
  }

  /// R output channels from `row` on, over one such piece.
  template <int R>
  void compute(const PairList& list, const std::int32_t* planes, std::uint32_t row, std::uint32_t first,
               std::uint32_t vectors) const {
    planes += std::size_t{first} * T::kLanes;
    const std::uint32_t begin = first * T::kLanes;
    const std::uint32_t count =
        outputs_ - begin < vectors * T::kLanes ? outputs_ - begin : vectors * T::kLanes;
    dispatch<R, most<R>()>(vectors, list, planes, requant_.rows + row,
                           out_ + std::size_t{row} * outputs_ + begin, count);
  }

 private:
  using Vec = typename T::Vec;
  using Pairs = typename T::Pairs;

  template <int R>
  static constexpr int most() {
    return R == 1 ? T::kVectorsOfOneRow : T::kVectorsOfDenseRows;
  }

  template <int R, int V>
  void dispatch(std::uint32_t vectors, const PairList& list, const std::int32_t* planes,
                const RequantRow* rows, std::int8_t* out, std::uint32_t count) const {
    if constexpr (V > 1) {
      if (vectors < V) return dispatch<R, V - 1>(vectors, list, planes, rows, out, count);
    }
    tile<R, V>(list, planes, rows, requant_.output_zero_point, out, outputs_, count);
  }

  // acc += one list entry.
  template <int R, int V>
  static void step(Vec (&acc)[R][V], const std::int32_t* pixels, const std::int32_t* weight,
                   std::size_t stride) {
    Pairs x[V];
#pragma GCC unroll 32
    for (int v = 0; v < V; ++v) x[v] = T::load(pixels + v * T::kLanes);
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r) {
      const Pairs w = T::broadcast(weight[r * stride]);
#pragma GCC unroll 32
      for (int v = 0; v < V; ++v) T::dot(acc[r][v], x[v], w);
    }
  }

  // Not inlined: within a larger function GCC spills accumulators.
  template <int R, int V>
  [[gnu::noinline]] static void tile(const PairList& list, const std::int32_t* planes, const RequantRow* rows,
                                     std::int32_t zero_point, std::int8_t* out, std::size_t out_row,
                                     std::uint32_t count) {
    // Few accumulators would wait for each other's latency: then several entries at a time have accumulators
    // of their own.
    constexpr int kSums = R * V * T::kChains, kEntries = kSums >= 8 ? 1 : kSums >= 3 ? 2 : 4;
    Vec acc[kEntries][R][V];
#pragma GCC unroll 32
    for (int e = 0; e < kEntries; ++e) {
#pragma GCC unroll 32
      for (int r = 0; r < R; ++r) {
#pragma GCC unroll 32
        for (int v = 0; v < V; ++v) acc[e][r][v] = T::zero();
      }
    }
    const std::int32_t* weight = list.weights;
    const std::int32_t* offset = list.offsets;
    const std::int32_t* const end = offset + list.count;
    for (; end - offset >= kEntries; offset += kEntries, weight += kEntries) {
#pragma GCC unroll 32
      for (int e = 0; e < kEntries; ++e) step<R, V>(acc[e], planes + offset[e], weight + e, list.stride);
    }
    if constexpr (kEntries > 1) {
      for (; offset != end; ++offset, ++weight) step<R, V>(acc[0], planes + *offset, weight, list.stride);
    }
#pragma GCC unroll 32
    for (int r = 0; r < R; ++r, out += out_row) {
      const RequantRow rq = rows[r];
#pragma GCC unroll 32
      for (int v = 0; v < V; ++v) {
        Vec sum = acc[0][r][v];
#pragma GCC unroll 32
        for (int e = 1; e < kEntries; ++e) sum = T::add(sum, acc[e][r][v]);
        const std::uint32_t rest = count - v * T::kLanes;
        T::store_s8(out + v * T::kLanes, v + 1 < V || rest > T::kLanes ? T::kLanes : rest, sum, rq.bias,
                    rq.multiplier, zero_point);
      }
    }
  }

  std::uint32_t outputs_;
  const Requant& requant_;
  std::int8_t* out_;
};

}  // namespace nsrt::host
