// The kernels of one level, for the level's own source file to instantiate.
#pragma once

#include "kernels/host/binary.h"
#include "kernels/host/conv.h"
#include "kernels/host/levels.h"
#include "kernels/host/rows.h"

namespace nsrt::host {

template <class T>
inline constexpr KernelSet kKernels{
    Conv<T>::conv_s8,
    Conv<T>::conv_s8_scratch_bytes,
    Conv<T>::conv_ncsr_s8,
    Conv<T>::conv_ncsr_s8_scratch_bytes,
    Conv<T>::conv_rice_s8,
    Conv<T>::dwconv_s8,
    Conv<T>::dwconv_s8_scratch_bytes,
    Rows<T>::linear_s8,
    linear_ncsr_s8,
    linear_rice_s8,
    Rows<T>::max_pool_s8,
    Rows<T>::avg_pool_s8,
    Rows<T>::add_s8,
    Binary<T>::bconv,
    bconv_scratch_bytes,
    Binary<T>::step_s8,
    Conv<T>::conv_gated_s8,
    Conv<T>::conv_gated_s8_scratch_bytes,
};

}  // namespace nsrt::host
