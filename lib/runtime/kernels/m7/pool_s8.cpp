#include <cstring>

#include "kernels/m7/m7.h"
#include "kernels/m7/plan.h"
#include "kernels/m7/store_unit.h"

/// The largest of each three of `bytes` ≥ 4 bytes (pool.S). `to` may be one of them, or begin where it does.
extern "C" void nsrt_m7_largest(std::int8_t* to, const std::int8_t* a, const std::int8_t* b,
                                const std::int8_t* c, std::uint32_t bytes);

namespace nsrt::m7 {
namespace {

struct Range {
  std::int32_t begin, end;
};

// The part of a window that lies inside the input.
Range inside(std::uint32_t at, std::uint32_t stride, std::uint32_t pad, std::uint32_t kernel,
             std::uint32_t extent) {
  const std::int32_t begin = static_cast<std::int32_t>(at * stride) - static_cast<std::int32_t>(pad);
  const std::int32_t end = begin + static_cast<std::int32_t>(kernel);
  const std::int32_t most = static_cast<std::int32_t>(extent);
  return {begin < 0 ? 0 : begin, end < most ? end : most};
}

std::uint32_t load(const std::int8_t* from) {
  std::uint32_t word;
  std::memcpy(&word, from, 4);
  return word;
}

// The largest value in every column of three rows.
void pool_rows(std::int8_t* to, const std::int8_t* a, const std::int8_t* b, const std::int8_t* c,
               std::uint32_t columns) {
  if (columns >= 4) return nsrt_m7_largest(to, a, b, c, columns);
  for (; columns > 0; --columns, ++a, ++b, ++c) {
    const std::int8_t larger = *a > *b ? *a : *b;
    *to++ = larger > *c ? larger : *c;
  }
}

// Every stride-th byte of a row.
void take(std::int8_t* out, std::uint32_t count, const std::int8_t* row, std::uint32_t stride) {
  for (; stride == 2 && count >= 4; count -= 4, row += 8, out += 4) {
    std::uint32_t word = load(row), next = load(row + 4);
    asm("uxtb16 %0, %0\n\tuxtb16 %1, %1\n\torr %0, %0, %0, lsr #8\n\torr %1, %1, %1, lsr #8\n\t"
        "pkhbt %0, %0, %1, lsl #16"
        : "+r"(word), "+r"(next));
    std::memcpy(out, &word, 4);
  }
  for (; count > 0; --count, row += stride) *out++ = *row;
}

// total + the four bytes of a word. USADA8 adds without sign: q + 128 in place of q.
std::uint32_t add_four(std::uint32_t total, const std::int8_t* from) {
  const std::uint32_t word = load(from) ^ 0x80808080;
  asm("usada8 %0, %1, %2, %0" : "+r"(total) : "r"(word), "r"(0));
  return total;
}

// Sum of `count` neighbours.
std::int32_t sum(const std::int8_t* from, std::uint32_t count) {
  const std::int8_t* const end = from + count;
  std::uint32_t total = 0;
  for (; end - from >= 16; from += 16) {
    total = add_four(add_four(add_four(add_four(total, from), from + 4), from + 8), from + 12);
  }
  for (; end - from >= 4; from += 4) total = add_four(total, from);
  for (; from != end; ++from) total += static_cast<std::uint32_t>(*from + 128);
  return static_cast<std::int32_t>(total - count * 128);
}

}  // namespace

// Every window reads at least one pixel, by the reader's checks.
void max_pool_s8(const Window& w, const std::int8_t* in, std::int8_t* out) {
  constexpr std::uint32_t kSpan = 256;  // columns at a time
  std::int8_t row[2 * kSpan];           // the largest values of the window's rows; words end behind it
  for (std::uint32_t c = 0; c < w.co; ++c, in += std::uint32_t{w.ih} * w.iw) {
    for (std::uint32_t oy = 0; oy < w.oh; ++oy) {
      const Range ys = inside(oy, w.sh, w.pad_top, w.kh, w.ih);
      for (std::uint32_t ox = 0, count; ox < w.ow; ox += count, out += count) {
        count = (kSpan - w.kw) / w.sw + 1;
        if (count > w.ow - ox) count = w.ow - ox;
        const std::uint32_t span = (count - 1) * w.sw + w.kw;
        const Range xs = inside(ox, w.sw, w.pad_left, span, w.iw);
        std::memset(row, -128, span);
        std::int8_t* const to = row + w.pad_left + xs.begin - ox * w.sw;
        const std::int8_t* first = in + ys.begin * w.iw + xs.begin;
        const std::int8_t* next = first;
        const std::int8_t* const last = first + (ys.end - 1 - ys.begin) * w.iw;
        const auto step = [&] { return next = next == last ? last : next + w.iw; };
        do {
          const std::int8_t* const second = step();
          pool_rows(to, first, second, step(), xs.end - xs.begin);
          first = to;
        } while (next != last);
        // Of `covered` columns from each on; then of up to three times as many.
        for (std::uint32_t covered = 1; covered < w.kw; covered *= 3) {
          const auto from = [&](std::uint32_t steps) {
            return row + (steps * covered < w.kw - covered ? steps * covered : w.kw - covered);
          };
          nsrt_m7_largest(row, row, from(1), from(2), (span + 3) / 4 * 4);
        }
        take(out, count, row, w.sw);
      }
    }
  }
}

// Every window is full, by the reader's checks.
void avg_pool_s8(const Window& w, const PoolRequant& requant, const std::int8_t* in, std::int8_t* out) {
  const std::uint32_t rows = w.kw == w.iw ? w.kh : 1;  // that follow each other without a gap
  for (std::uint32_t c = 0; c < w.co; ++c, in += std::uint32_t{w.ih} * w.iw) {
    for (std::uint32_t oy = 0; oy < w.oh; ++oy) {
      for (std::uint32_t ox = 0; ox < w.ow; ++ox) {
        const std::int8_t* row = in + oy * w.sh * w.iw + ox * w.sw;
        std::int32_t total = requant.bias;
        for (std::uint32_t y = 0; y < w.kh; y += rows, row += w.iw) total += sum(row, rows * w.kw);
        *out++ = static_cast<std::int8_t>(
            requantise<8>(total << requant.left_shift, requant.multiplier, requant.output_zero_point));
      }
    }
  }
}

}  // namespace nsrt::m7
