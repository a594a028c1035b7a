// The one source of randomness: small, fast, fully described by four words, so that a resumed run continues
// exactly.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace ns {

/// xoshiro256** (Blackman and Vigna, 2021), seeded through splitmix64. Every draw depends on state() alone.
class Rng {
 public:
  using State = std::array<std::uint64_t, 4>;

  explicit Rng(std::uint64_t seed);

  /// 64 uniform bits.
  std::uint64_t next();
  /// Uniform in [0, 1), a multiple of 2^-24.
  float uniform();
  /// Standard normal (Box and Muller); takes two draws and keeps nothing back.
  float normal();
  /// Uniform and unbiased in [0, n). n must be positive.
  std::uint64_t below(std::uint64_t n);

  /// Uniformly random permutation (Fisher and Yates).
  template <class T>
  void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[below(i)]);
    }
  }

  const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

 private:
  State state_;
};

/// A seed for stream `stream` of `seed`: neighbouring numbers give unrelated generators, e.g. one per (epoch,
/// image).
std::uint64_t derive_seed(std::uint64_t seed, std::uint64_t stream);

}  // namespace ns
