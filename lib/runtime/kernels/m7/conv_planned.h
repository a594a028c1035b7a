// Dense convolution by a given plan.
#pragma once

#include "kernels/m7/plan.h"

namespace nsrt::m7 {

/// Of channel pairs; plan.w has the channels of `in` and the rows of `weights` (encoding 1).
void conv_planned(const Plan& plan, const std::int8_t* weights, const Requant&, const std::int8_t* in,
                  std::int8_t* out, void* scratch);

}  // namespace nsrt::m7
