#include "kernels/m7/expand.h"

#include <cstring>

namespace nsrt::m7 {
namespace {

using Word = std::uint32_t;

Word load(const std::int8_t* from) {
  Word word;
  std::memcpy(&word, from, 4);
  return word;
}

Word pixel_word(std::int32_t low, std::int32_t high) {
  return static_cast<Word>(low + 128) + (static_cast<Word>(high) << 24);
}
Word channel_word(std::int32_t first, std::int32_t second) {
  return (static_cast<Word>(first) & 0xFFFF) | static_cast<Word>(second) << 16;
}

// Four pixel words from four neighbours each of low and high.
Word* four_pixel_words(Word low, Word high, Word* to) {
  const Word mask = 0xFF000000;
  low ^= 0x80808080;
  asm("lsl r4, %[high], #24\n\t"
      "and r5, %[mask], %[high], lsl #16\n\t"
      "and r6, %[mask], %[high], lsl #8\n\t"
      "and r8, %[mask], %[high]\n\t"
      "uxtab r4, r4, %[low]\n\t"
      "uxtab r5, r5, %[low], ror #8\n\t"
      "uxtab r6, r6, %[low], ror #16\n\t"
      "uxtab r8, r8, %[low], ror #24\n\t"
      "stm %[to]!, {r4, r5, r6, r8}"
      : [to] "+r"(to)
      : [low] "r"(low), [high] "r"(high), [mask] "r"(mask)
      : "r4", "r5", "r6", "r8", "memory");
  return to;
}

// Two pixel words from every second of four neighbours.
Word* two_pixel_words(Word low, Word high, Word* to) {
  const Word mask = 0xFF000000;
  low ^= 0x80808080;
  asm("lsl r4, %[high], #24\n\t"
      "and r5, %[mask], %[high], lsl #8\n\t"
      "uxtab r4, r4, %[low]\n\t"
      "uxtab r5, r5, %[low], ror #16\n\t"
      "stm %[to]!, {r4, r5}"
      : [to] "+r"(to)
      : [low] "r"(low), [high] "r"(high), [mask] "r"(mask)
      : "r4", "r5", "memory");
  return to;
}

// Four channel words from four neighbours of each channel.
Word* four_channel_words(Word first, Word second, Word* to) {
  asm("sxtb16 r4, %[first]\n\t"
      "sxtb16 r6, %[first], ror #8\n\t"
      "sxtb16 r8, %[second]\n\t"
      "sxtb16 r9, %[second], ror #8\n\t"
      "pkhtb r5, r8, r4, asr #16\n\t"
      "pkhbt r4, r4, r8, lsl #16\n\t"
      "pkhtb r8, r9, r6, asr #16\n\t"
      "pkhbt r6, r6, r9, lsl #16\n\t"
      "strd r4, r6, [%[to]]\n\t"
      "strd r5, r8, [%[to], #8]"
      :
      : [to] "r"(to), [first] "r"(first), [second] "r"(second)
      : "r4", "r5", "r6", "r8", "r9", "memory");
  return to + 4;
}

// Two channel words from every second of four neighbours.
Word* two_channel_words(Word first, Word second, Word* to) {
  asm("sxtb16 r4, %[first]\n\t"
      "sxtb16 r5, %[second]\n\t"
      "pkhbt r6, r4, r5, lsl #16\n\t"
      "pkhtb r5, r5, r4, asr #16\n\t"
      "strd r6, r5, [%[to]]"
      :
      : [to] "r"(to), [first] "r"(first), [second] "r"(second)
      : "r4", "r5", "r6", "memory");
  return to + 2;
}

struct Pixels {
  static Word word(std::int32_t low, std::int32_t high) { return pixel_word(low, high); }
  static Word* four(Word low, Word high, Word* to) { return four_pixel_words(low, high, to); }
  static Word* two(Word low, Word high, Word* to) { return two_pixel_words(low, high, to); }
};
struct Channels {
  static Word word(std::int32_t first, std::int32_t second) { return channel_word(first, second); }
  static Word* four(Word first, Word second, Word* to) { return four_channel_words(first, second, to); }
  static Word* two(Word first, Word second, Word* to) { return two_channel_words(first, second, to); }
};

// Words of columns at, at + stride, … of a and b = other row or other columns, all inside both rows.
template <class Kind>
Word* inside_words(const std::int8_t* a, const std::int8_t* b, std::uint32_t stride, std::uint32_t count,
                   Word* to) {
  if (stride == 1 && count >= 4) {
    const std::uint32_t rest = count % 4;
    for (; count >= 4; count -= 4, a += 4, b += 4) to = Kind::four(load(a), load(b), to);
    if (rest != 0) to = Kind::four(load(a + rest - 4), load(b + rest - 4), to + rest - 4);
    return to;
  }
  if (stride == 2) {
    // Four bytes are read for two words: there must be a third, or the fourth byte might lie outside.
    for (; count > 2; count -= 2, a += 4, b += 4) to = Kind::two(load(a), load(b), to);
  }
  for (; count > 0; --count, a += stride, b += stride) *to++ = Kind::word(*a, *b);
  return to;
}

// `second` lags by `distance` columns of the input.
template <class Kind>
void expand(const Plan& p, std::int32_t x0, std::int32_t distance, const std::int8_t* first,
            const std::int8_t* second, std::int8_t padding, Word* to) {
  const std::int32_t stride = p.w.sw, width = p.w.iw;
  const std::int32_t phases = static_cast<std::int32_t>(p.row_words / p.phase_words);
  const std::int32_t count = static_cast<std::int32_t>(p.phase_words);
  if (first == nullptr) {
    const Word word = Kind::word(padding, padding);
    for (std::uint32_t i = 0; i < p.row_words; ++i) to[i] = word;
    return;
  }
  for (std::int32_t phase = 0; phase < phases; ++phase) {
    std::int32_t column = x0 * stride + phase - p.w.pad_left;
    const auto at = [&](const std::int8_t* row, std::int32_t x) -> std::int32_t {
      return x >= 0 && x < width ? row[x] : padding;
    };
    std::int32_t i = 0;
    for (; i < count && column < 0; ++i, column += stride) {
      *to++ = Kind::word(padding, at(second, column + distance));
    }
    const std::int32_t last = width - 1 - distance;  // last column that is inside for both
    if (i < count && column <= last) {
      const std::int32_t inside = stride == 1 ? last - column + 1 : (last - column) / stride + 1;
      const std::int32_t n = inside < count - i ? inside : count - i;
      to = inside_words<Kind>(first + column, second + column + distance, static_cast<std::uint32_t>(stride),
                              static_cast<std::uint32_t>(n), to);
      i += n;
      column += n * stride;
    }
    for (; i < count; ++i, column += stride)
      *to++ = Kind::word(at(first, column), at(second, column + distance));
  }
}

}  // namespace

void expand_pixels(const Plan& plan, std::uint32_t x0, std::uint32_t distance, const std::int8_t* row,
                   std::int8_t padding, std::uint32_t* to) {
  expand<Pixels>(plan, static_cast<std::int32_t>(x0), static_cast<std::int32_t>(distance * plan.w.sw), row,
                 row, padding, to);
}

void expand_channels(const Plan& plan, std::uint32_t x0, const std::int8_t* first, const std::int8_t* second,
                     std::int8_t padding, std::uint32_t* to) {
  expand<Channels>(plan, static_cast<std::int32_t>(x0), 0, first, second, padding, to);
}

}  // namespace nsrt::m7
