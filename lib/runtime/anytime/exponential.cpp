#include "anytime/exponential.h"

#include <array>
#include <bit>

namespace nsrt {
namespace {

// The tables are computed by the compiler; both of its series converge to a double's last bits.
constexpr double series_exp(double x) {
  double term = 1, sum = 1;
  for (int i = 1; i < 60; ++i) {
    term *= x / i;
    sum += term;
  }
  return sum;
}

// ln(x) for x in [1, 2] = 2·artanh((x − 1)/(x + 1))
constexpr double series_ln(double x) {
  const double y = (x - 1) / (x + 1);
  double power = y, sum = 0;
  for (int i = 1; i < 80; i += 2) {
    sum += power / i;
    power *= y * y;
  }
  return 2 * sum;
}

constexpr std::uint32_t rounded(double x) {
  return static_cast<std::uint32_t>(x + 0.5);
}

constexpr unsigned kWhole = 13;  // 65536·exp(−12) rounds to 0

constexpr std::array<std::uint32_t, 256> make_fractions() {
  std::array<std::uint32_t, 256> table{};
  for (unsigned i = 0; i < table.size(); ++i) table[i] = rounded(65536 * series_exp(-(i / 256.0)));
  return table;
}

// exp(−i), kept 15 bits finer than the result.
constexpr std::array<std::uint32_t, kWhole> make_wholes() {
  std::array<std::uint32_t, kWhole> table{};
  const double e = series_exp(1.0);
  double value = 2147483648.0;
  for (unsigned i = 0; i < table.size(); ++i, value /= e) table[i] = rounded(value);
  return table;
}

// 65536·ln(1 + i/256)
constexpr std::array<std::uint32_t, 257> make_logarithms() {
  std::array<std::uint32_t, 257> table{};
  for (unsigned i = 0; i < table.size(); ++i) table[i] = rounded(65536 * series_ln(1 + i / 256.0));
  return table;
}

constexpr auto kFractions = make_fractions();
constexpr auto kWholes = make_wholes();
constexpr auto kLogarithms = make_logarithms();
constexpr std::uint32_t kLn2 = kLogarithms[256];

}  // namespace

std::uint32_t exp_of_minus(std::uint32_t x) {
  const std::uint32_t whole = x >> 8;
  if (whole >= kWhole) return 0;
  const std::uint64_t product = std::uint64_t{kFractions[x & 255]} * kWholes[whole];
  return static_cast<std::uint32_t>((product + (std::uint64_t{1} << 30)) >> 31);
}

std::uint32_t ln(std::uint32_t x) {
  const auto octave = static_cast<std::uint32_t>(31 - std::countl_zero(x));
  // The bits after the leading one: 8 choose the entry, 16 go between two entries.
  const std::uint32_t mantissa = x << (31 - octave) << 1;
  const std::uint32_t entry = mantissa >> 24, between = mantissa >> 8 & 0xffff;
  const std::uint32_t low = kLogarithms[entry], step = kLogarithms[entry + 1] - low;
  return octave * kLn2 + low + ((step * between + 0x8000) >> 16);
}

}  // namespace nsrt
