// Running a network with a chosen set of kernels. nsrt_run is this with the fastest set that the planned
// scratch can hold.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"
#include "model/view.h"
#include "nsrt/nsrt.h"

namespace nsrt {

/// Where kernels may scribble. Empty: the places planned in the arena, which fit the M7 kernels.
struct Scratch {
  void* data = nullptr;  ///< 16-byte aligned
  std::size_t bytes = 0;
};

/// Tells the caller about each operator once it has run.
struct Observer {
  nsrt_observer call = nullptr;
  void* user = nullptr;
};

/// Whether the set has what runs an operator.
bool has_kernel(const KernelSet& kernels, const OperatorView& op);

/// Most scratch that any operator of a network asks for.
std::uint32_t scratch_bytes(const NetworkView& net, const KernelSet& kernels);
std::uint32_t scratch_bytes(const nsrt_model& model, unsigned network, const KernelSet& kernels);

/// As nsrt_run. NSRT_ARENA_TOO_SMALL if `kernels` ask for more scratch than there is, NSRT_MISALIGNED for a
/// place that is not a multiple of 16 bytes.
nsrt_status run(const nsrt_model& model, unsigned network, unsigned subnet, const std::int8_t* input,
                void* output, void* arena, std::size_t arena_bytes, const KernelSet& kernels,
                Scratch scratch = {}, Observer observer = {});

}  // namespace nsrt
