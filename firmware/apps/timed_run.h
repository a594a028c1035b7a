// One inference with the time of every operator.
#pragma once

#include "firmware/boards/board.h"
#include "nsrt/regions.h"

namespace app {

inline constexpr unsigned kMostOperators = 1024;  // docs/format/nsm.md

/// Ticks of board::counter(), the cost of counting taken off. An operator's run from the end of the one
/// before (the first: from the call) to its own end; the total also holds what nsrt_run does after the last
/// operator.
struct TimedRun {
  nsrt_status status;
  std::uint64_t total;
  std::uint32_t stack_bytes;  ///< below the caller's frame, observer included; 0 where it cannot be measured
};

/// `input` as for nsrt_run_in. Afterwards operators()[i] holds the ticks of operator i.
TimedRun timed_run(const nsrt_model& model, unsigned network, unsigned subnet, const nsrt_network_info& info,
                   const nsrt_regions& regions, const std::int8_t* input, void* output);
const std::uint32_t* operator_ticks();

}  // namespace app
