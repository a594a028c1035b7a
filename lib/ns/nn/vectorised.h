// How the loops of our own are vectorised and spread over threads. Private to this room.
#pragma once

#include <algorithm>
#include <cstdint>

// One binary for every x86-64: a hot function is compiled once per instruction set and the loader picks. Such
// functions are plain loops that the compiler vectorises, called from inside the parallel region: an outlined
// OpenMP body or a lambda would not inherit the target.
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#define NS_MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define NS_MULTIVERSION
#endif

// Promises that iterations do not depend on each other, so that in-place loops (y == x) are vectorised too.
#ifdef __clang__
#define NS_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define NS_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace ns::nn {

/// Runs f(chunk, first, last) over [0, count) in pieces of `size`, in parallel. The pieces do not depend on
/// the number of threads, so partial sums kept per piece add up the same everywhere. f must not throw.
template <class F>
void parallel_chunks(std::int64_t count, std::int64_t size, const F& f) {
  const std::int64_t chunks = (count + size - 1) / size;
#pragma omp parallel for schedule(static) if (chunks > 1)
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
    f(chunk, chunk * size, std::min(count, (chunk + 1) * size));
  }
}

/// Floats per piece of an element-wise loop: big enough to hide the start of a thread, small enough for
/// balance.
constexpr std::int64_t kElementsPerChunk = 16384;

}  // namespace ns::nn
