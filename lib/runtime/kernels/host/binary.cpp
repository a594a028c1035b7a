// What binary convolution does once per layer or filter: compiled once, without any instruction-set flag.
#include "kernels/host/binary.h"

#include "kernels/requantise.h"

namespace nsrt::host {
namespace {

constexpr std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

struct Extents {
  std::uint64_t phases, plane, planes, outputs, taps;
};
Extents extents_of(const Window& w) {
  const std::uint64_t phases = w.sh < w.kh ? w.sh : w.kh, rows = w.oh + (w.kh - 1u) / w.sh;
  const std::uint64_t plane = rows * w.ow;
  return {phases, plane, aligned(w.ci * phases * w.kw * plane + kBinaryLanes),
          (std::uint64_t{w.oh} * w.ow + kBinaryLanes - 1) / kBinaryLanes * kBinaryLanes,
          std::uint64_t{w.ci} * w.kh * w.kw};
}

}  // namespace

std::uint32_t bconv_scratch_bytes(const Window& w) {
  const Extents e = extents_of(w);
  const std::uint64_t bytes = 64 + aligned(2 * e.outputs) + aligned(4 * e.taps) + e.planes;
  return bytes < UINT32_MAX ? static_cast<std::uint32_t>(bytes) : UINT32_MAX;
}

BinaryGrid make_binary_grid(const Window& w, void* scratch) {
  const Extents e = extents_of(w);
  auto* at = reinterpret_cast<std::uint8_t*>(aligned(reinterpret_cast<std::uintptr_t>(scratch)));
  BinaryGrid g{};
  g.phases = static_cast<std::uint32_t>(e.phases);
  g.outputs = std::uint32_t{w.oh} * w.ow;
  g.padded_outputs = static_cast<std::uint32_t>(e.outputs);
  g.plane = e.plane;
  g.planes_bytes = e.planes;
  g.all = reinterpret_cast<std::int16_t*>(at);
  g.list = reinterpret_cast<std::uint32_t*>(at + aligned(2 * e.outputs));
  g.planes = at + aligned(2 * e.outputs) + aligned(4 * e.taps);
  return g;
}

void expand_levels(const Window& w, const BinaryGrid& g, const std::int8_t* in) {
  std::memset(g.planes, 0, g.planes_bytes);
  std::uint8_t* to = g.planes;
  const auto rows = static_cast<std::uint32_t>(g.plane / w.ow);
  for (std::uint32_t c = 0; c < w.ci; ++c, in += std::size_t{w.ih} * w.iw) {
    for (std::uint32_t phase = 0; phase < g.phases; ++phase) {
      for (std::uint32_t kx = 0; kx < w.kw; ++kx) {
        for (std::uint32_t row = 0; row < rows; ++row, to += w.ow) {
          const std::int64_t y = std::int64_t{row} * w.sh + phase - w.pad_top;
          if (y < 0 || y >= w.ih) continue;
          const std::int8_t* const from = in + y * w.iw;
          std::int64_t x = std::int64_t{kx} - w.pad_left;
          for (std::uint32_t ox = 0; ox < w.ow; ++ox, x += w.sw) {
            if (x >= 0 && x < w.iw) to[ox] = static_cast<std::uint8_t>(from[x]);
          }
        }
      }
    }
  }
}

std::uint32_t list_taps(const Window& w, const BinaryGrid& g, const std::uint32_t* row) {
  std::uint32_t count = 0, nibble = 0;
  for (std::uint32_t first = 0; first < w.ci; first += 4) {
    for (std::uint32_t ky = 0; ky < w.kh; ++ky) {
      for (std::uint32_t kx = 0; kx < w.kw; ++kx, ++nibble) {
        const std::uint32_t bits = row == nullptr ? 0xFu : row[nibble / 8] >> nibble % 8 * 4;
        std::size_t plane = (std::size_t{first} * g.phases + ky % w.sh) * w.kw + kx;
        for (std::uint32_t i = 0; i < 4 && first + i < w.ci; ++i, plane += std::size_t{g.phases} * w.kw) {
          if ((bits >> i & 1) == 0) continue;
          g.list[count++] = static_cast<std::uint32_t>(plane * g.plane + ky / w.sh * w.ow);
        }
      }
    }
  }
  return count;
}

void requantise_sums(const std::int16_t* sums, std::uint32_t count, const RequantRow& row,
                     std::int8_t output_zero_point, std::int8_t* out) {
  for (std::uint32_t i = 0; i < count; ++i)
    out[i] = requantise_s8(sums[i], row.bias, row.multiplier, output_zero_point);
}

}  // namespace nsrt::host
