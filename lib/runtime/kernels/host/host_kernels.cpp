#include "kernels/host/levels.h"

namespace nsrt {

const KernelSet& host_kernels() {
  static const KernelSet* const best = [] {
    if (const KernelSet* set = host::avx512_kernels()) return set;
    if (const KernelSet* set = host::avx2_kernels()) return set;
    if (const KernelSet* set = host::neon_kernels()) return set;
    return host::portable_kernels();
  }();
  return *best;
}

}  // namespace nsrt
