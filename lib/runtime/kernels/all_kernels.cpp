// What is linked unless the program says otherwise. A source of its own: a program that defines nsrt_kernels
// does not pull this one out of the library.
#include "nsrt/kernels.h"

extern "C" const nsrt_kernel* const nsrt_kernels[] = {&nsrt_kernel_conv,       &nsrt_kernel_conv_csr,
                                                      &nsrt_kernel_conv_rice,  &nsrt_kernel_conv_gated,
                                                      &nsrt_kernel_depthwise,  &nsrt_kernel_linear,
                                                      &nsrt_kernel_linear_csr, &nsrt_kernel_linear_rice,
                                                      &nsrt_kernel_max_pool,   &nsrt_kernel_average_pool,
                                                      &nsrt_kernel_add,        &nsrt_kernel_binary_conv,
                                                      &nsrt_kernel_step,       nullptr};
