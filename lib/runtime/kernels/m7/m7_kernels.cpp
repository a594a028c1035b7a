#include "kernels/m7/m7.h"

namespace nsrt {

const KernelSet& m7_kernels() {
  static constexpr KernelSet kSet{
      .conv_s8 = m7::conv_s8,
      .conv_s8_scratch_bytes = m7_conv_s8_scratch_bytes,
      .conv_ncsr_s8 = m7::conv_ncsr_s8,
      .conv_ncsr_s8_scratch_bytes = m7_conv_ncsr_s8_scratch_bytes,
      .conv_rice_s8 = m7::conv_rice_s8,
      .dwconv_s8 = m7::dwconv_s8,
      .dwconv_s8_scratch_bytes = m7_dwconv_s8_scratch_bytes,
      .linear_s8 = m7::linear_s8,
      .linear_ncsr_s8 = m7::linear_ncsr_s8,
      .linear_rice_s8 = m7::linear_rice_s8,
      .max_pool_s8 = m7::max_pool_s8,
      .avg_pool_s8 = m7::avg_pool_s8,
      .add_s8 = m7::add_s8,
      .bconv = m7::bconv,
      .bconv_scratch_bytes = m7_bconv_scratch_bytes,
      .step_s8 = m7::step_s8,
      .conv_gated_s8 = m7::conv_gated_s8,
      .conv_gated_s8_scratch_bytes = m7_conv_gated_s8_scratch_bytes,
  };
  return kSet;
}

}  // namespace nsrt
