#include "kernels/host/grid.h"

namespace nsrt::host {
namespace {

constexpr std::size_t kAlign = 64;
constexpr std::size_t kMostLanes = 16;

std::size_t rounded(std::size_t x, std::size_t to) {
  return (x + to - 1) / to * to;
}

// Lays the pieces out one after the other; with a null base it only measures.
struct Cursor {
  std::uint8_t* base;
  std::size_t at = 0;

  template <class T>
  T* take(std::size_t count) {
    T* piece = base == nullptr ? nullptr : reinterpret_cast<T*>(base + at);
    at += rounded(count * sizeof(T), kAlign);
    return piece;
  }
};

Scratch lay_out(const Grid& g, const Demand& demand, Cursor& cursor) {
  Scratch s;
  // The last outputs' vectors read past the last plane by less than one vector.
  s.planes_size = g.pairs * g.pair + kMostLanes;
  s.weights_size = demand.weights;
  s.planes = cursor.take<std::int32_t>(s.planes_size);
  s.offsets = cursor.take<std::int32_t>(g.positions);
  s.list = cursor.take<std::int32_t>(demand.sparse ? demand.weights : 0);
  s.weights = cursor.take<std::int32_t>(demand.weights);
  s.padded = cursor.take<std::int8_t>((2 * std::size_t{g.padded_h} + 1) * g.padded_w);
  return s;
}

}  // namespace

Grid make_grid(const Window& w, PairOf pair, std::uint32_t pairs) {
  Grid g;
  g.pairs = pairs;
  g.phases = w.sh < w.kh ? w.sh : w.kh;
  g.taps_x = pair == PairOf::kColumns ? (w.kw + 1u) / 2 : w.kw;
  g.rows = w.oh + (w.kh - 1u) / w.sh;
  g.positions = pairs * w.kh * g.taps_x;
  g.outputs = std::uint32_t{w.oh} * w.ow;
  g.padded_h = (w.oh - 1u) * w.sh + w.kh;
  // Rows are read in whole vectors of outputs, and may be wider than what windows read.
  const std::size_t read = (rounded(w.ow, kMostLanes) + 1) * w.sw + w.kw,
                    copied = std::size_t{w.pad_left} + w.iw;
  g.padded_w = read > copied ? read : copied;
  // Rows are written in whole vectors, each over the end of the one before.
  g.plane = rounded(std::size_t{g.rows - 1} * w.ow + rounded(w.ow, kMostLanes), kMostLanes);
  g.pair = std::size_t{g.phases} * g.taps_x * g.plane;
  return g;
}

void fill_offsets(const Window& w, const Grid& g, std::int32_t* offsets) {
  for (std::uint32_t ky = 0; ky < w.kh; ++ky) {
    const std::size_t first = std::size_t{ky % w.sh} * g.taps_x * g.plane + std::size_t{ky / w.sh} * w.ow;
    for (std::uint32_t x = 0; x < g.taps_x; ++x) *offsets++ = static_cast<std::int32_t>(first + x * g.plane);
  }
  const std::uint32_t taps = w.kh * g.taps_x;
  for (std::uint32_t i = taps; i < g.positions; ++i, ++offsets) {
    *offsets = offsets[-static_cast<std::ptrdiff_t>(taps)] + static_cast<std::int32_t>(g.pair);
  }
}

Scratch place_scratch(const Grid& g, const Demand& demand, void* scratch) {
  const std::uintptr_t misfit = reinterpret_cast<std::uintptr_t>(scratch) % kAlign;
  Cursor cursor{static_cast<std::uint8_t*>(scratch) + (misfit == 0 ? 0 : kAlign - misfit)};
  return lay_out(g, demand, cursor);
}

std::uint32_t scratch_bytes(const Grid& g, const Demand& demand) {
  Cursor cursor{nullptr};
  lay_out(g, demand, cursor);
  const std::size_t bytes = cursor.at + kAlign;
  return bytes < UINT32_MAX ? static_cast<std::uint32_t>(bytes) : UINT32_MAX;
}

}  // namespace nsrt::host
