// The reader's checks, in the order of docs/format/nsm.md. Each returns the first fault it finds; a file that
// passes all of them can be run without any further check.
#pragma once

#include <cstdint>

#include "model/view.h"

namespace nsrt {

/// An nsrt_error that fits into two registers, for it is handed on from check to check: the offset above the
/// index, which is below 2^24, above the status.
using Fault = std::uint64_t;
constexpr Fault kNoFault = 0;
constexpr Fault fault(nsrt_status status, std::uint32_t offset, std::uint32_t index = 0) {
  return std::uint64_t{offset} << 32 | index << 8 | static_cast<std::uint32_t>(status);
}
constexpr nsrt_error error_of(Fault fault) {
  const auto low = static_cast<std::uint32_t>(fault);
  return {static_cast<nsrt_status>(low & 0xFF), static_cast<std::uint32_t>(fault >> 32), low >> 8};
}

/// Header, section table, padding, CRCs. Afterwards section_entry and network_view are safe.
Fault check_container(const Region& file);
/// NETW: counts and extents, one entry per subnet.
Fault check_network(const NetworkView& net);
/// TENS: shapes and places.
Fault check_tensors(const NetworkView& net);
/// DETC, where there is one: places, extents and numbers in range. Linked only with nsrt_detect.
Fault check_detector(const NetworkView& net);
/// OPER: kinds, geometry, every tensor written once and before it is read.
Fault check_operators(const NetworkView& net);
/// Tensors alive at the same time and scratch do not overlap; scratch is as large as the M7 kernels ask.
Fault check_memory_plan(const NetworkView& net);
/// WDEN, WNCS and REQT: extents, every weight and record, every multiplier, no accumulator beyond int32.
Fault check_operator_data(const NetworkView& net);
/// TEST: extent and padding.
Fault check_test(const NetworkView& net);
/// STGS, if there is one: a rule that makes sense, for these networks. They have been checked.
Fault check_stages(const Region& file);

}  // namespace nsrt
