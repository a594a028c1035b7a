#include "kernels/linked.h"

#if defined(__arm__)
#include "kernels/m7/m7.h"
#else
#include "kernels/host/levels.h"
#endif

// Each refers to its own function only, so that the linker can leave out the rest.
#if defined(__arm__)
#define NSRT_PUT(kernel)                                        \
  {                                                             \
    [](nsrt::KernelSet& set) { set.kernel = nsrt::m7::kernel; } \
  }
#else
#define NSRT_PUT(kernel)                                                   \
  {                                                                        \
    [](nsrt::KernelSet& set) { set.kernel = nsrt::host_kernels().kernel; } \
  }
#endif

extern "C" {
const nsrt_kernel nsrt_kernel_conv = NSRT_PUT(conv_s8);
const nsrt_kernel nsrt_kernel_conv_csr = NSRT_PUT(conv_ncsr_s8);
const nsrt_kernel nsrt_kernel_conv_rice = NSRT_PUT(conv_rice_s8);
const nsrt_kernel nsrt_kernel_conv_gated = NSRT_PUT(conv_gated_s8);
const nsrt_kernel nsrt_kernel_depthwise = NSRT_PUT(dwconv_s8);
const nsrt_kernel nsrt_kernel_linear = NSRT_PUT(linear_s8);
const nsrt_kernel nsrt_kernel_linear_csr = NSRT_PUT(linear_ncsr_s8);
const nsrt_kernel nsrt_kernel_linear_rice = NSRT_PUT(linear_rice_s8);
const nsrt_kernel nsrt_kernel_max_pool = NSRT_PUT(max_pool_s8);
const nsrt_kernel nsrt_kernel_average_pool = NSRT_PUT(avg_pool_s8);
const nsrt_kernel nsrt_kernel_add = NSRT_PUT(add_s8);
const nsrt_kernel nsrt_kernel_binary_conv = NSRT_PUT(bconv);
const nsrt_kernel nsrt_kernel_step = NSRT_PUT(step_s8);
}

namespace nsrt {

KernelSet linked_kernels() {
  KernelSet set{};
  for (const nsrt_kernel* const* kernel = nsrt_kernels; *kernel != nullptr; ++kernel) (*kernel)->put(set);
  return set;
}

}  // namespace nsrt
