// The reader's checks, in the order of docs/format/nsm.md. Each returns the first fault it finds; a file that
// passes all of them can be run without any further check.
#pragma once

#include <cstdint>

#include "model/view.h"

namespace nsrt {

constexpr nsrt_error kNoError{NSRT_OK, 0, 0};
constexpr nsrt_error fault(nsrt_status status, std::uint32_t offset, std::uint32_t index = 0) {
  return {status, offset, index};
}

/// Header, section table, padding, CRCs. Afterwards section_entry and network_view are safe.
nsrt_error check_container(const Region& file);
/// NETW: counts and extents, one entry per subnet.
nsrt_error check_network(const NetworkView& net);
/// TENS: shapes and places.
nsrt_error check_tensors(const NetworkView& net);
/// OPER: kinds, geometry, every tensor written once and before it is read.
nsrt_error check_operators(const NetworkView& net);
/// Tensors alive at the same time and scratch do not overlap; scratch is as large as the M7 kernels ask.
nsrt_error check_memory_plan(const NetworkView& net);
/// WDEN, WNCS and REQT: extents, every weight and record, every multiplier, no accumulator beyond int32.
nsrt_error check_operator_data(const NetworkView& net);
/// TEST: extent and padding.
nsrt_error check_test(const NetworkView& net);
/// STGS, if there is one: a rule that makes sense, for these networks. They have been checked.
nsrt_error check_stages(const Region& file);

}  // namespace nsrt
