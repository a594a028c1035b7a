// Binary convolution: a byte vector of levels is added for every weight +1, and twice their sum less the sum
// of all levels is the result. One body for every instruction-set level; T only keeps them apart.
#pragma once

#include <cstring>

#include "kernels/kernels.h"

namespace nsrt::host {

constexpr std::uint32_t kBinaryLanes = 32;
constexpr std::uint32_t kByteTerms = 36;  // 36 · 7 fit a byte

/// The levels under one tap of all outputs are one run of bytes: a plane per input channel, vertical stride
/// phase and horizontal tap, as wide as the output, zero where there is padding.
struct BinaryGrid {
  std::uint32_t phases, outputs, padded_outputs;
  std::size_t plane, planes_bytes;
  std::int16_t* all;    ///< [padded outputs]: sums of all levels
  std::uint32_t* list;  ///< [ci·kh·kw]: offsets into the planes
  std::uint8_t* planes;
};
BinaryGrid make_binary_grid(const Window&, void* scratch);
std::uint32_t bconv_scratch_bytes(const Window&);
void expand_levels(const Window&, const BinaryGrid&, const std::int8_t* in);
/// Offsets of the taps whose weight is +1; of all of them where `row` is null. Returns how many.
std::uint32_t list_taps(const Window&, const BinaryGrid&, const std::uint32_t* row);
void requantise_sums(const std::int16_t* sums, std::uint32_t count, const RequantRow&,
                     std::int8_t output_zero_point, std::int8_t* out);

template <class T>
struct Binary {
  static void bconv(const Window& w, const std::uint32_t* weights, const Steps& steps, const Requant& requant,
                    const std::int8_t* in, std::int8_t* out, void* scratch) {
    const BinaryGrid g = make_binary_grid(w, scratch);
    expand_levels(w, g, in);
    std::uint32_t taps = list_taps(w, g, nullptr);
    for (std::uint32_t i = 0; i < g.padded_outputs; i += kBinaryLanes) {
      Shorts sums;
      add_up(g, taps, i, sums);
      std::memcpy(g.all + i, &sums, sizeof sums);
    }
    for (std::uint32_t co = 0; co < w.co; ++co, weights += binary_row_words(w), out += g.outputs) {
      taps = list_taps(w, g, weights);
      for (std::uint32_t i = 0; i < g.outputs; i += kBinaryLanes) {
        const std::uint32_t count = g.outputs - i < kBinaryLanes ? g.outputs - i : kBinaryLanes;
        Shorts sums, all;
        std::memcpy(&all, g.all + i, sizeof all);
        add_up(g, taps, i, sums);
        sums = sums + sums - all;
        if (steps.count != 0) {
          store_levels(sums, steps, co, count, out + i);
        } else {
          requantise_sums(reinterpret_cast<const std::int16_t*>(&sums), count, requant.rows[co],
                          requant.output_zero_point, out + i);
        }
      }
    }
  }

  static void step_s8(std::uint32_t channels, std::uint32_t pixels, const Steps& steps, const std::int8_t* in,
                      std::int8_t* out) {
    for (std::uint32_t c = 0; c < channels; ++c, in += pixels, out += pixels) {
      for (std::uint32_t i = 0; i < pixels; i += kBinaryLanes) {
        const std::uint32_t count = pixels - i < kBinaryLanes ? pixels - i : kBinaryLanes;
        Signed bytes{};
        if (count == kBinaryLanes) {
          std::memcpy(&bytes, in + i, kBinaryLanes);
        } else {
          std::memcpy(&bytes, in + i, count);
        }
        const Shorts values = __builtin_convertvector(bytes, Shorts);
        store_levels(values, steps, c, count, out + i);
      }
    }
  }

 private:
  using Bytes = std::uint8_t __attribute__((vector_size(kBinaryLanes)));
  using Signed = std::int8_t __attribute__((vector_size(kBinaryLanes)));
  using Shorts = std::int16_t __attribute__((vector_size(2 * kBinaryLanes)));

  // Sums of the first `count` listed taps for the outputs from `first` on.
  static void add_up(const BinaryGrid& g, std::uint32_t count, std::uint32_t first, Shorts& sums) {
    sums = Shorts{};
    const std::uint32_t* offset = g.list;
    const std::uint8_t* const from = g.planes + first;
    while (count > 0) {
      const std::uint32_t terms = count < kByteTerms ? count : kByteTerms;
      Bytes bytes{};
      for (std::uint32_t i = 0; i < terms; ++i) {
        Bytes levels;
        std::memcpy(&levels, from + *offset++, sizeof levels);
        bytes += levels;
      }
      sums += __builtin_convertvector(bytes, Shorts);
      count -= terms;
    }
  }

  static void store_levels(const Shorts& values, const Steps& steps, std::uint32_t channel,
                           std::uint32_t count, std::int8_t* out) {
    const std::int16_t* row = steps.rows + std::size_t{channel} * (steps.count + 1u);
    Shorts passed{};
    for (unsigned j = 1; j <= steps.count; ++j) passed -= values >= row[j];
    const Signed levels = __builtin_convertvector(passed ^ row[0], Signed);
    if (count == kBinaryLanes) {
      std::memcpy(out, &levels, kBinaryLanes);
    } else {
      std::memcpy(out, &levels, count);
    }
  }
};

}  // namespace nsrt::host
