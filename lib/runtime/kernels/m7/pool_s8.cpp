#include <cstring>

#include "kernels/m7/m7.h"
#include "kernels/m7/plan.h"
#include "kernels/m7/store_unit.h"

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

// fold(value so far, pixel) over every window, then finish(value).
template <class Fold, class Finish>
void pool(const Window& w, const std::int8_t* in, std::int8_t* out, std::int32_t start, Fold fold,
          Finish finish) {
  for (std::uint32_t c = 0; c < w.co; ++c, in += std::uint32_t{w.ih} * w.iw) {
    for (std::uint32_t oy = 0; oy < w.oh; ++oy) {
      const Range ys = inside(oy, w.sh, w.pad_top, w.kh, w.ih);
      for (std::uint32_t ox = 0; ox < w.ow; ++ox) {
        const Range xs = inside(ox, w.sw, w.pad_left, w.kw, w.iw);
        std::int32_t value = start;
        for (std::int32_t y = ys.begin; y < ys.end; ++y) {
          const std::int8_t* row = in + y * w.iw;
          for (std::int32_t x = xs.begin; x < xs.end; ++x) value = fold(value, row[x]);
        }
        *out++ = finish(value);
      }
    }
  }
}

// total + the four bytes of a word. USADA8 adds without sign: q + 128 in place of q.
std::uint32_t add_four(std::uint32_t total, const std::int8_t* from) {
  std::uint32_t word;
  std::memcpy(&word, from, 4);
  word ^= 0x80808080;
  asm("usada8 %0, %1, %2, %0" : "+r"(total) : "r"(word), "r"(0));
  return total;
}

// Sum of `count` neighbours.
std::int32_t sum(const std::int8_t* from, std::uint32_t count) {
  std::uint32_t total = 0, left = count;
  for (; left >= 16; left -= 16, from += 16) {
    total = add_four(add_four(add_four(add_four(total, from), from + 4), from + 8), from + 12);
  }
  for (; left >= 4; left -= 4, from += 4) total = add_four(total, from);
  for (; left > 0; --left) total += static_cast<std::uint32_t>(*from++ + 128);
  return static_cast<std::int32_t>(total - count * 128);
}

}  // namespace

void max_pool_s8(const Window& w, const std::int8_t* in, std::int8_t* out) {
  pool(
      w, in, out, -128, [](std::int32_t a, std::int32_t b) { return a > b ? a : b; },
      [](std::int32_t value) { return static_cast<std::int8_t>(value); });
}

void avg_pool_s8(const Window& w, const PoolRequant& requant, const std::int8_t* in, std::int8_t* out) {
  const auto finish = [&](std::int32_t sum_and_bias) {
    return static_cast<std::int8_t>(
        requantise<8>(sum_and_bias << requant.left_shift, requant.multiplier, requant.output_zero_point));
  };
  if (w.kh == w.ih && w.kw == w.iw && w.oh == 1 && w.ow == 1 && w.pad_top == 0 &&
      w.pad_left == 0) {  // global
    const std::uint32_t count = std::uint32_t{w.ih} * w.iw;
    for (std::uint32_t c = 0; c < w.co; ++c, in += count) *out++ = finish(sum(in, count) + requant.bias);
    return;
  }
  pool(
      w, in, out, requant.bias, [](std::int32_t a, std::int32_t b) { return a + b; }, finish);
}

}  // namespace nsrt::m7
