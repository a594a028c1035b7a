#include "selftest/encode_case.h"

namespace nsrt::selftest {
namespace {

constexpr std::uint32_t round_up4(std::uint32_t bytes) {
  return (bytes + 3) / 4 * 4;
}

// Appends the records of one row and level.
std::uint8_t* encode_level(const KernelCase& c, std::uint32_t row, std::uint32_t level, std::uint8_t* to) {
  const Window& w = c.window;
  const std::uint32_t blocks = (w.ci + c.block - 1u) / c.block;
  std::uint32_t position = 0, previous = 0;
  for (std::uint32_t cb = 0; cb < blocks; ++cb) {
    for (std::uint32_t ky = 0; ky < w.kh; ++ky) {
      for (std::uint32_t kx = 0; kx < w.kw; ++kx, ++position) {
        if (case_level(c, row, cb, ky, kx) != level) continue;
        for (; position - previous > 255; previous += 255) {
          *to++ = 255;
          for (std::uint32_t i = 0; i < c.block; ++i) *to++ = 0;
        }
        *to++ = static_cast<std::uint8_t>(position - previous);
        previous = position;
        for (std::uint32_t i = 0; i < c.block; ++i) {
          const std::uint32_t channel = cb * c.block + i;
          *to++ = channel < w.ci ? static_cast<std::uint8_t>(case_weight(c, row, channel, ky, kx)) : 0;
        }
      }
    }
  }
  return to;
}

}  // namespace

std::uint32_t encode_quads(const KernelCase& c, std::int8_t* to) {
  const Window& w = c.window;
  const std::uint32_t positions = (w.ci + 1u) / 2 * w.kh * w.kw;
  const std::uint32_t row_bytes = (positions + 1) / 2 * 4;
  for (std::uint32_t row = 0; row < w.co; ++row, to += row_bytes) {
    for (std::uint32_t i = 0; i < row_bytes; ++i) {
      const std::uint32_t position = i / 4 * 2 + i % 2;
      const std::uint32_t channel = position / w.kw / w.kh * 2 + i % 4 / 2;
      to[i] = position < positions && channel < w.ci
                  ? case_weight(c, row, channel, position / w.kw % w.kh, position % w.kw)
                  : std::int8_t{0};
    }
  }
  return row_bytes * w.co;
}

std::uint32_t encode_rows(const KernelCase& c, std::int8_t* to) {
  const Window& w = c.window;
  const std::uint32_t row_bytes = round_up4(c.taps());
  for (std::uint32_t row = 0; row < w.co; ++row, to += row_bytes) {
    for (std::uint32_t i = 0; i < row_bytes; ++i) {
      to[i] = i < c.taps() ? case_weight(c, row, i / w.kw / w.kh, i / w.kw % w.kh, i % w.kw) : std::int8_t{0};
    }
  }
  return row_bytes * w.co;
}

std::uint32_t encode_binary(const KernelCase& c, std::uint32_t* to) {
  const Window& w = c.window;
  const std::uint32_t words = binary_row_words(w);
  for (std::uint32_t i = 0; i < words * w.co; ++i) to[i] = 0;
  for (std::uint32_t row = 0; row < w.co; ++row, to += words) {
    for (std::uint32_t tap = 0; tap < c.taps(); ++tap) {
      const std::uint32_t channel = tap / w.kw / w.kh, ky = tap / w.kw % w.kh, kx = tap % w.kw;
      const std::uint32_t bit = ((channel / 4 * w.kh + ky) * w.kw + kx) * 4 + channel % 4;
      if (case_weight(c, row, channel, ky, kx) > 0) to[bit / 32] |= 1u << bit % 32;
    }
  }
  return words * w.co * 4;
}

std::uint32_t ncsr_counts_bytes(const KernelCase& c) {
  return round_up4(2u * c.window.co * c.levels);
}

std::uint32_t encode_ncsr(const KernelCase& c, std::uint8_t* to) {
  const std::uint32_t counts_bytes = ncsr_counts_bytes(c);
  for (std::uint32_t i = 0; i < counts_bytes; ++i) to[i] = 0;
  std::uint8_t* count = to;
  std::uint8_t* record = to + counts_bytes;
  for (std::uint32_t row = 0; row < c.window.co; ++row) {
    for (std::uint32_t level = 1; level <= c.levels; ++level, count += 2) {
      std::uint8_t* const end = encode_level(c, row, level, record);
      const auto records = static_cast<std::uint32_t>(end - record) / (1u + c.block);
      count[0] = static_cast<std::uint8_t>(records);
      count[1] = static_cast<std::uint8_t>(records >> 8);
      record = end;
    }
  }
  return static_cast<std::uint32_t>(record - to);
}

}  // namespace nsrt::selftest
