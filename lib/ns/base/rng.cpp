#include "ns/base/rng.h"

#include <bit>
#include <cmath>
#include <numbers>

#include "ns/base/error.h"

namespace ns {
namespace {

std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

Rng::Rng(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    word = splitmix64(seed);
  }
}

std::uint64_t Rng::next() {
  auto& s = state_;
  const std::uint64_t result = std::rotl(s[1] * 5, 7) * 9;
  const std::uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 45);
  return result;
}

float Rng::uniform() {
  return static_cast<float>(next() >> 40) * 0x1p-24f;
}

float Rng::normal() {
  // 1 − u lies in (0, 1], which keeps the logarithm finite.
  const double u = 1.0 - static_cast<double>(next() >> 11) * 0x1p-53;
  const double v = static_cast<double>(next() >> 11) * 0x1p-53;
  return static_cast<float>(std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v));
}

std::uint64_t Rng::below(std::uint64_t n) {
  if (n == 0) {
    throw internal_error("Rng::below(0) has no result");
  }
  // Lemire's multiplication with rejection (ACM TOMACS 29, 2019): the remainder 2^64 mod n would be drawn too
  // often.
  unsigned __int128 product = static_cast<unsigned __int128>(next()) * n;
  if (static_cast<std::uint64_t>(product) < n) {
    const std::uint64_t rejected = -n % n;
    while (static_cast<std::uint64_t>(product) < rejected) {
      product = static_cast<unsigned __int128>(next()) * n;
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t stream) {
  std::uint64_t mixed = splitmix64(seed) ^ stream;
  return splitmix64(mixed);
}

}  // namespace ns
