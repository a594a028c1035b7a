// Instructions of a call, with the cost of counting taken off.
#pragma once

#include <cstdint>

#include "firmware/boards/board.h"

namespace app {

/// Ticks that two readings cost when nothing lies between them.
inline std::uint64_t counter_overhead() {
  std::uint64_t least = ~std::uint64_t{0};
  for (int round = 0; round < 8; ++round) {
    const std::uint64_t begin = board::counter(), end = board::counter();
    if (end - begin < least) least = end - begin;
  }
  return least;
}

/// Ticks of board::counter() that work() takes.
template <typename Work>
std::uint64_t count_ticks(Work&& work) {
  const std::uint64_t overhead = counter_overhead();
  const std::uint64_t begin = board::counter();
  work();
  return board::counter() - begin - overhead;
}

/// Executed instructions of work(), ±2; the same in every run.
template <typename Work>
std::uint64_t count_instructions(Work&& work) {
  return board::instructions(count_ticks(work));
}

}  // namespace app
