#include <cstring>

#include "kernels/m7/binary.h"
#include "kernels/m7/m7.h"
#include "kernels/m7/store_unit.h"

namespace nsrt::m7 {
namespace {

/// Eight outputs of row oy from column ox on; those beyond the row are computed and dropped.
struct Octet {
  std::uint32_t oy, ox;
};

struct Group {
  std::uint32_t block, ky, kx;  // of four input channels; the tap
};

std::uint32_t load_word(const std::int8_t* from) {
  std::uint32_t word;
  std::memcpy(&word, from, 4);
  return word;
}

// Column of a group's table: entry m is the sum of the levels whose bit is set in m.
void write_column(std::uint32_t* to, const std::int8_t* from, std::uint32_t step) {
  const std::uint32_t a = load_word(from), b = load_word(from + step), c = load_word(from + 2 * step),
                      d = load_word(from + 3 * step);
  const std::uint32_t ab = a + b, cd = c + d;
  to[0] = 0;
  to[4] = a;
  to[8] = b;
  to[12] = ab;
  to[16] = c;
  to[20] = a + c;
  to[24] = b + c;
  to[28] = ab + c;
  to[32] = d;
  to[36] = a + d;
  to[40] = b + d;
  to[44] = ab + d;
  to[48] = cd;
  to[52] = a + cd;
  to[56] = b + cd;
  to[60] = ab + cd;
}

class BinaryConv {
 public:
  BinaryConv(const Window& window, const std::int8_t* in, void* scratch)
      : w_(window), in_(in), scratch_(static_cast<std::uint8_t*>(scratch)), plan_(plan_binary(window)) {}

  void compute(const std::uint32_t* weights, const Octet (&octets)[2]) const {
    const std::uint32_t row_words = binary_row_words(w_);
    std::memset(sums(), 0, (w_.co + 1u) * kFilterSums * 4);
    Group group{0, 0, 0};
    for (std::uint32_t first = 0; first < row_words; first += kChunkWords) {
      const std::uint32_t words = row_words - first < kChunkWords ? row_words - first : kChunkWords;
      for (std::uint32_t i = 0; i < words * 8; ++i) {
        const std::uint32_t slot = i / 8 * 8 + (i % 2 != 0 ? 0 : 4) + i % 8 / 2;
        auto* const table = reinterpret_cast<std::uint32_t*>(scratch_ + slot * kTableBytes);
        write_table(table, group, octets[0]);
        write_table(table + 2, group, octets[1]);
        if (++group.kx == w_.kw) {
          group.kx = 0;
          if (++group.ky == w_.kh) {
            group.ky = 0;
            ++group.block;
          }
        }
      }
      static constexpr std::uint32_t kOnes[kChunkWords] = {~0u, ~0u, ~0u, ~0u};
      nsrt_m7_binary_rows(scratch_, kOnes, sums() + w_.co * kFilterSums, 1, words, words * 4);
      nsrt_m7_binary_rows(scratch_, weights + first, sums(), w_.co, words, row_words * 4);
    }
  }

  std::uint32_t* sums() const { return reinterpret_cast<std::uint32_t*>(scratch_ + plan_.sums_at); }

 private:
  void write_table(std::uint32_t* table, const Group& group, const Octet& octet) const {
    std::uint32_t step = 0;
    const std::int8_t* const from = levels(group, octet, step);
    write_column(table, from, step);
    write_column(table + 1, from + 4, step);
  }

  // Eight levels each of four channels under a tap, `step` bytes from channel to channel.
  const std::int8_t* levels(const Group& group, const Octet& octet, std::uint32_t& step) const {
    const std::uint32_t plane = std::uint32_t{w_.ih} * w_.iw;
    const std::uint32_t first = group.block * 4, channels = w_.ci > first ? w_.ci - first : 0;
    const std::int32_t y = static_cast<std::int32_t>(octet.oy * w_.sh + group.ky) - w_.pad_top;
    const std::int32_t x = static_cast<std::int32_t>(octet.ox * w_.sw + group.kx) - w_.pad_left;
    const std::int32_t row = static_cast<std::int32_t>(first * plane) + y * w_.iw;
    const bool real = y >= 0 && y < w_.ih;
    if (real && channels >= 4 && w_.sw == 1 && x >= 0 && x + 8 <= w_.iw) {
      step = plane;
      return in_ + (row + x);
    }
    auto* const group_levels = reinterpret_cast<std::int8_t*>(scratch_ + plan_.group_at);
    step = 8;
    if (real && channels >= 4 && w_.sw == 1 && w_.iw >= 8 && x > -8 && x < w_.iw) {
      // Eight columns that are all there, then moved: zeros come in at the edge.
      const std::int32_t at = x < 0 ? 0 : w_.iw - 8, bits = (at - x) * 8;
      for (std::uint32_t c = 0; c < 4; ++c) {
        std::uint64_t pixels;
        std::memcpy(&pixels, in_ + (row + at) + c * plane, 8);
        pixels = bits >= 0 ? pixels << bits : pixels >> -bits;
        std::memcpy(group_levels + 8 * c, &pixels, 8);
      }
      return group_levels;
    }
    std::memset(group_levels, 0, 32);
    for (std::uint32_t c = 0; real && c < 4 && c < channels; ++c) {
      const std::int8_t* const pixels = in_ + (row + c * plane);
      std::int32_t column = x;
      for (std::uint32_t i = 8 * c; i < 8 * c + 8; ++i, column += w_.sw) {
        if (static_cast<std::uint32_t>(column) < w_.iw) group_levels[i] = pixels[column];
      }
    }
    return group_levels;
  }

  const Window& w_;
  const std::int8_t* in_;
  std::uint8_t* scratch_;
  BinaryPlan plan_;
};

std::uint32_t requantised(HalfwordPairs values, const RequantRow& row, std::int32_t zero_point) {
  std::uint32_t result = 0;
  for (std::uint32_t i = 0; i < 4; ++i) {
    const std::uint32_t pair = (i % 2 != 0 ? values.odd : values.even) >> i / 2 * 16;
    const std::int32_t x = static_cast<std::int16_t>(pair) + row.bias;
    result = result >> 8 | static_cast<std::uint32_t>(requantise<8>(x, row.multiplier, zero_point)) << 24;
  }
  return result;
}

// Two halfwords at a time, modulo 2^16: the result fits.
std::uint32_t twice_less(std::uint32_t picked, std::uint32_t all) {
  std::uint32_t twice;
  asm("uadd16 %0, %1, %1\n\tssub16 %0, %0, %2" : "=&r"(twice) : "r"(picked), "r"(all));
  return twice;
}

}  // namespace

void bconv(const Window& window, const std::uint32_t* weights, const Steps& steps, const Requant& requant,
           const std::int8_t* in, std::int8_t* out, void* scratch) {
  Window w = window;
  const std::uint32_t pixels = std::uint32_t{w.oh} * w.ow;
  if (w.kh == 1 && w.kw == 1 && w.sh == 1 && w.sw == 1 && w.ih == w.oh && w.iw == w.ow && pixels < 65536) {
    w.ih = w.oh = 1;
    w.iw = w.ow = static_cast<std::uint16_t>(pixels);
  }
  const BinaryConv conv(w, in, scratch);
  const std::uint32_t in_row = (w.ow + 7u) / 8, octets = in_row * w.oh;
  const auto octet = [&](std::uint32_t index) {
    const std::uint32_t ox = index % in_row * 8;
    return Octet{index / in_row, w.ow >= 8 && ox + 8 > w.ow ? w.ow - 8u : ox};
  };
  const std::uint32_t count = w.ow < 8 ? w.ow : 8u;
  for (std::uint32_t first = 0; first < octets; first += 2) {
    const Octet pair[2] = {octet(first), octet(first + 1 < octets ? first + 1 : first)};
    conv.compute(weights, pair);
    const std::uint32_t* sums = conv.sums();
    const std::uint32_t* const all = sums + w.co * kFilterSums;
    for (std::uint32_t co = 0; co < w.co; ++co, sums += kFilterSums) {
      for (std::uint32_t o = 0; o < 2; ++o) {
        std::uint32_t words[2];
        for (std::uint32_t i = 0; i < 2; ++i) {
          const std::uint32_t at = 4 * o + 2 * i;
          const HalfwordPairs acc{twice_less(sums[at], all[at]), twice_less(sums[at + 1], all[at + 1])};
          words[i] = steps.count != 0 ? levels_of(acc, steps.rows + co * (steps.count + 1u), steps.count)
                                      : requantised(acc, requant.rows[co], requant.output_zero_point);
        }
        std::int8_t* const to = out + co * pixels + pair[o].oy * w.ow + pair[o].ox;
        if (count == 8) {
          std::memcpy(to, words, 8);
        } else {
          std::memcpy(to, words, count);
        }
      }
    }
  }
}

}  // namespace nsrt::m7
