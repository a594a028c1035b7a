#include "kernels/ref/ref.h"

namespace nsrt::ref {

void step_s8(std::uint32_t channels, std::uint32_t pixels, const Steps& steps, const std::int8_t* in,
             std::int8_t* out) {
  for (std::uint32_t c = 0; c < channels; ++c) {
    for (std::uint32_t i = 0; i < pixels; ++i) *out++ = level_of(*in++, steps, c);
  }
}

}  // namespace nsrt::ref
