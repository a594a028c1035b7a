// How deep the stack grows in a call: painted before, searched afterwards.
#pragma once

#include <cstdint>

namespace app {

#if defined(__arm__)
/// Bytes that work() takes below its caller's frame; at most 12 KB are noticed. Without what interrupts need.
template <class Work>
std::uint32_t stack_depth(Work&& work) {
  constexpr std::uint32_t kPaintedWords = 3 * 1024, kPaint = 0x5AFEC0DE;
  volatile std::uint32_t* top;
  asm volatile("mov %0, sp" : "=r"(top));
  top -= 16;  // this frame's own words stay
  volatile std::uint32_t* const bottom = top - kPaintedWords;
  for (volatile std::uint32_t* word = bottom; word != top; ++word) *word = kPaint;
  work();
  volatile std::uint32_t* word = bottom;
  while (word != top && *word == kPaint) ++word;
  return static_cast<std::uint32_t>(top - word) * 4;
}
#else
/// A computer's stack is not painted: 0.
template <class Work>
std::uint32_t stack_depth(Work&& work) {
  work();
  return 0;
}
#endif

}  // namespace app
