// The kernels that a program links (nsrt/kernels.h).
#pragma once

#include "kernels/kernels.h"
#include "nsrt/kernels.h"

struct nsrt_kernel {
  void (*put)(nsrt::KernelSet&);  ///< puts the target's fastest one into the set
};

namespace nsrt {

/// Those of nsrt_kernels; the others are null.
KernelSet linked_kernels();

}  // namespace nsrt
