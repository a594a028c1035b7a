// Scratch sizes of the M7 kernels: plain arithmetic, compiled for every target because the packer plans with
// them.
#include "kernels/m7/plan.h"

namespace nsrt {

std::uint32_t m7_conv_s8_scratch_bytes(const Window& w) {
  return m7::plan_dense(w).bytes;
}
std::uint32_t m7_conv_ncsr_s8_scratch_bytes(const Window& w, std::uint8_t block) {
  return m7::plan_sparse(w, block).bytes;
}
std::uint32_t m7_dwconv_s8_scratch_bytes(const Window& w) {
  return m7::plan_depthwise(w).bytes;
}

}  // namespace nsrt
