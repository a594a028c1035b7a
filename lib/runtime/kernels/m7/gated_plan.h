// What the scratch of a gated convolution holds. Its winners' rows are gathered, and of these the input
// channels that are not constant at the zero point; what is left is a dense convolution of fewer channels.
#pragma once

#include "kernels/m7/plan.h"

namespace nsrt::m7 {

/// Input channels are gathered in one of so many numbers, so that few plans bound the scratch of all.
constexpr std::uint32_t kGatherSteps = 8;

/// The step-th of these, 1 … kGatherSteps: even, but for all channels.
constexpr std::uint32_t gathered_channels(std::uint32_t channels, std::uint32_t step) {
  const std::uint32_t even = ((channels * step + kGatherSteps - 1) / kGatherSteps + 1) / 2 * 2;
  return even < channels ? even : channels;
}

/// The plan for `channels` gathered ones. It has as much room as the whole convolution's, whose tensors are
/// alive, and does not depend on the number of winners.
constexpr Plan plan_gathered(const Window& whole, std::uint32_t channels) {
  Window w = whole;
  w.ci = static_cast<std::uint16_t>(channels);
  const std::uint32_t p = (positions(w, 2) + 1) / 2 * 2;
  return make_plan(w, {1, ceil_div(w.ci, 2), 12, p, p, 16}, activations(whole));
}

constexpr std::uint32_t quad_row_bytes(const Window& w) {
  return (positions(w, 2) + 1) / 2 * 4;
}

/// Offsets in scratch; the dense kernel's own comes last. 64 bits: a hostile file may hold any window.
struct GatedLayout {
  std::uint64_t rows_at = 0, winners_at, channels_at, weights_at, planes_at, kernel_at;
};

GatedLayout lay_out_gated(const Window& w);

}  // namespace nsrt::m7
