/* nestkit runtime: which kernels a firmware links. All of them, unless it knows its models and defines
 *
 *   const nsrt_kernel* const nsrt_kernels[] = {&nsrt_kernel_conv, &nsrt_kernel_add, NULL};
 *
 * in one of its own sources: then the linker (with --gc-sections) leaves out the others, and nsrt_open
 * refuses a model that needs one of those with NSRT_NO_KERNEL. `ns-info --kernels MODEL...` prints that
 * source.
 */
#ifndef NSRT_KERNELS_H
#define NSRT_KERNELS_H

#ifdef __cplusplus
extern "C" {
#endif

/* An operator with one encoding of its weights. */
typedef struct nsrt_kernel nsrt_kernel;

extern const nsrt_kernel nsrt_kernel_conv;      /* dense */
extern const nsrt_kernel nsrt_kernel_conv_csr;  /* nested CSR */
extern const nsrt_kernel nsrt_kernel_conv_rice; /* nested, Rice-coded */
extern const nsrt_kernel nsrt_kernel_conv_gated;
extern const nsrt_kernel nsrt_kernel_depthwise;
extern const nsrt_kernel nsrt_kernel_linear;
extern const nsrt_kernel nsrt_kernel_linear_csr;
extern const nsrt_kernel nsrt_kernel_linear_rice;
extern const nsrt_kernel nsrt_kernel_max_pool;
extern const nsrt_kernel nsrt_kernel_average_pool;
extern const nsrt_kernel nsrt_kernel_add; /* and concatenation */
extern const nsrt_kernel nsrt_kernel_binary_conv;
extern const nsrt_kernel nsrt_kernel_step;

/* Ends with NULL. */
extern const nsrt_kernel* const nsrt_kernels[];

#ifdef __cplusplus
}
#endif
#endif
