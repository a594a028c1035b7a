// Dense convolution of images with one or three channels, see has_few_channels.
#pragma once

#include "kernels/kernels.h"

namespace nsrt::m7 {

void conv_few_channels(const Window&, const std::int8_t* weights, const Requant&, const std::int8_t* in,
                       std::int8_t* out, void* scratch);

}  // namespace nsrt::m7
