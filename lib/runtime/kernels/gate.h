// Which channels a gated convolution computes, and how their saliencies enter (docs/numerics.md). Compiled
// once, without any instruction-set flag.
#pragma once

#include "kernels/kernels.h"

namespace nsrt {

/// Of a winner: a saliency q stands for q + 128 ≥ 0.
inline std::int32_t gated_multiplier(std::int32_t multiplier, std::int8_t saliency) {
  return multiplier * (saliency + 128);
}

/// The winners in rising order: the most salient channels, of equally salient ones the lower. `list` has
/// gate.winners elements, 1 … channels.
void list_winners(const Gate&, std::uint32_t channels, std::uint16_t* list);

/// The rows of an ordinary convolution that computes the same: a loser's multiplier is 0, its outputs are the
/// zero point.
void gated_rows(const Gate&, std::uint32_t channels, const RequantRow* rows, RequantRow* to);

}  // namespace nsrt
