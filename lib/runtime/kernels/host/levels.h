// The instruction-set levels of the host kernels. One body per operator (conv.h, rows.h), instantiated per
// level.
#pragma once

#include "kernels/kernels.h"

namespace nsrt::host {

const KernelSet* portable_kernels();  ///< plain C++, any target; never null
const KernelSet* avx2_kernels();      ///< null if this CPU or this build lacks AVX2
const KernelSet* avx512_kernels();    ///< null if this CPU or this build lacks AVX-512 F, BW, VL or VNNI
const KernelSet* neon_kernels();      ///< Advanced SIMD; null unless this is AArch64

}  // namespace nsrt::host

namespace nsrt {

/// The fastest level of the CPU that runs this.
const KernelSet& host_kernels();

}  // namespace nsrt
