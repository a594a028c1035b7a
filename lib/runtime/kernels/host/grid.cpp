#include "kernels/host/grid.h"

namespace nsrt::host {
namespace {

constexpr std::size_t kAlign = 64;
constexpr std::uint32_t kMostLanes = 16;

std::size_t aligned(std::size_t bytes) {
  return (bytes + kAlign - 1) / kAlign * kAlign;
}

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return a <= 0 ? 0 : (a + b - 1) / b;
}

// Padding columns that every phase has on the left and on the right: these a row shares with its successor.
std::uint32_t shared_padding(const Window& w, const Grid& g) {
  std::int64_t shared = g.columns;
  for (std::int64_t phase = 0; phase < w.sw; ++phase) {
    const std::int64_t left = ceil_div(w.pad_left - phase, w.sw);
    const std::int64_t right = g.columns - ceil_div(w.iw + w.pad_left - phase, w.sw);
    if (left < shared) shared = left;
    if (right < shared) shared = right;
  }
  return shared > 0 ? static_cast<std::uint32_t>(shared) : 0;
}

// Lays the pieces out one after the other; with a null base it only measures.
struct Cursor {
  std::uint8_t* base;
  std::size_t at = 0;

  template <class T>
  T* take(std::size_t count) {
    T* piece = base == nullptr ? nullptr : reinterpret_cast<T*>(base + at);
    at += aligned(count * sizeof(T));
    return piece;
  }
};

ConvScratch lay_out(const ConvSizes& s, Cursor& cursor) {
  const std::size_t all_weights = std::size_t{s.rows} * s.stride;
  const bool sparse = s.slots != 0;
  ConvScratch c;
  c.planes = cursor.take<std::int32_t>(s.planes);
  c.offsets = cursor.take<std::int32_t>(s.stride);
  c.weights = cursor.take<std::int32_t>(all_weights);
  c.list_offsets = cursor.take<std::int32_t>(sparse ? s.stride : 0);
  c.list_weights = cursor.take<std::int32_t>(sparse ? all_weights : 0);
  c.used = cursor.take<std::uint64_t>(sparse ? (s.positions + 63) / 64 : 0);
  c.slots = cursor.take<std::uint32_t>(s.slots);
  c.input_rows = cursor.take<std::int8_t>(4 * s.input_row);
  c.results = cursor.take<std::int8_t>(s.rows * s.results);
  return c;
}

}  // namespace

Grid make_grid(const Window& w, PairOf pair) {
  Grid g;
  g.columns = w.ow + (w.kw - 1u) / w.sw;
  g.rows = w.oh + (w.kh - 1u) / w.sh;
  g.pitch = g.columns - shared_padding(w, g);
  g.phases_y = w.sh < w.kh ? w.sh : w.kh;
  g.phase_step = pair == PairOf::kColumns && w.sw % 2 == 0 ? 2 : 1;
  g.phases_x = ((w.sw < w.kw ? w.sw : w.kw) + g.phase_step - 1) / g.phase_step;
  g.planes_per_pair = g.phases_y * g.phases_x;
  g.taps_x = pair == PairOf::kColumns ? (w.kw + 1u) / 2 : w.kw;
  g.plane = std::size_t{g.rows - 1} * g.pitch + (g.columns + kMostLanes - 1) / kMostLanes * kMostLanes;
  g.flat = (w.oh - 1u) * g.pitch + w.ow;
  return g;
}

std::size_t tap_offset(const Grid& g, const Window& w, PairOf pair, std::uint32_t ky, std::uint32_t tap_x) {
  const std::uint32_t kx = pair == PairOf::kColumns ? 2 * tap_x : tap_x;
  const std::size_t plane = std::size_t{ky % w.sh} * g.phases_x + kx % w.sw / g.phase_step;
  return plane * g.plane + std::size_t{ky / w.sh} * g.pitch + kx / w.sw;
}

ConvSizes conv_sizes(const Window& w, const Grid& g, std::uint32_t pairs, std::uint32_t slots,
                     std::uint32_t rows, std::uint32_t lanes) {
  ConvSizes s;
  s.positions = pairs * w.kh * g.taps_x;
  s.slots = slots;
  s.rows = rows;
  s.stride = (s.positions + lanes - 1) / lanes * lanes;
  // The last outputs' vectors read past the last plane by less than one vector.
  s.planes = std::size_t{pairs} * g.planes_per_pair * g.plane + lanes;
  const std::size_t read = (std::size_t{g.columns} + lanes + 1) * w.sw + 1;
  const std::size_t copied = std::size_t{w.pad_left} + w.iw;
  s.input_row = aligned((read > copied ? read : copied) + kAlign);
  s.results = (std::size_t{g.flat} + lanes - 1) / lanes * lanes + kAlign;
  return s;
}

ConvScratch place_scratch(const ConvSizes& s, void* scratch) {
  const std::uintptr_t misfit = reinterpret_cast<std::uintptr_t>(scratch) % kAlign;
  Cursor cursor{static_cast<std::uint8_t*>(scratch) + (misfit == 0 ? 0 : kAlign - misfit)};
  return lay_out(s, cursor);
}

std::uint32_t scratch_bytes(const ConvSizes& s) {
  Cursor cursor{nullptr};
  lay_out(s, cursor);
  const std::size_t bytes = cursor.at + kAlign;
  return bytes < UINT32_MAX ? static_cast<std::uint32_t>(bytes) : UINT32_MAX;
}

}  // namespace nsrt::host
