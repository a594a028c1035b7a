#include "kernels/ref/ref.h"

namespace nsrt::ref {

void add_s8(std::uint32_t count, const AddRequant& requant, const std::int8_t* a, const std::int8_t* b,
            std::int8_t* out) {
  for (std::uint32_t i = 0; i < count; ++i) {
    out[i] = saturate_s8((a[i] * requant.m0 + b[i] * requant.m1 + requant.bias) >> requant.shift);
  }
}

}  // namespace nsrt::ref
