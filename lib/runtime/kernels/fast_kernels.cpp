#include "kernels/kernels.h"

namespace nsrt {

const KernelSet& fast_kernels() {
  return reference_kernels();
}

}  // namespace nsrt
