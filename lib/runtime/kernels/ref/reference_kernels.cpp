#include "kernels/ref/ref.h"

namespace nsrt {
namespace {

constexpr KernelSet kReference = {
    .conv_s8 = ref::conv_s8,
    .conv_s8_scratch_bytes = [](const Window&) -> std::uint32_t { return 0; },
    .conv_ncsr_s8 = ref::conv_ncsr_s8,
    .conv_ncsr_s8_scratch_bytes = [](const Window&, std::uint8_t) -> std::uint32_t { return 0; },
    .conv_rice_s8 = ref::conv_rice_s8,
    .dwconv_s8 = ref::dwconv_s8,
    .dwconv_s8_scratch_bytes = [](const Window&) -> std::uint32_t { return 0; },
    .linear_s8 = ref::linear_s8,
    .linear_ncsr_s8 = ref::linear_ncsr_s8,
    .linear_rice_s8 = ref::linear_rice_s8,
    .max_pool_s8 = ref::max_pool_s8,
    .avg_pool_s8 = ref::avg_pool_s8,
    .add_s8 = ref::add_s8,
    .bconv = ref::bconv,
    .bconv_scratch_bytes = [](const Window&) -> std::uint32_t { return 0; },
    .step_s8 = ref::step_s8,
    .conv_gated_s8 = ref::conv_gated_s8,
    .conv_gated_s8_scratch_bytes = [](const Window&) -> std::uint32_t { return 0; },
};

}  // namespace

const KernelSet& reference_kernels() {
  return kReference;
}

}  // namespace nsrt
