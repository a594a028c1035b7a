#include "kernels/kernels.h"

#if !defined(__arm__)
#include "kernels/host/levels.h"
#endif

namespace nsrt {

const KernelSet& fast_kernels() {
#if defined(__arm__)
  return m7_kernels();
#else
  return host_kernels();
#endif
}

const KernelSet& frugal_kernels() {
#if defined(__arm__)
  return m7_kernels();
#else
  return reference_kernels();
#endif
}

}  // namespace nsrt
