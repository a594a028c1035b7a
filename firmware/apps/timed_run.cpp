#include "firmware/apps/timed_run.h"

#include "firmware/apps/instruction_count.h"
#include "firmware/apps/stack_depth.h"

namespace app {
namespace {

std::uint64_t finished[kMostOperators];
std::uint32_t ticks[kMostOperators];

void note_time(void*, unsigned op_index, const void*, std::uint32_t) {
  finished[op_index] = board::counter();
}

// What one call of the observer costs. Volatile: the runtime calls it through a pointer, too.
std::uint64_t observer_overhead() {
  const volatile nsrt_observer observer = note_time;
  std::uint64_t least = ~std::uint64_t{0};
  for (int round = 0; round < 8; ++round) {
    observer(nullptr, 0, nullptr, 0);
    observer(nullptr, 1, nullptr, 0);
    if (finished[1] - finished[0] < least) least = finished[1] - finished[0];
  }
  return least;
}

std::uint64_t without(std::uint64_t time, std::uint64_t overhead) {
  return time > overhead ? time - overhead : 0;
}

}  // namespace

TimedRun timed_run(const nsrt_model& model, unsigned network, unsigned subnet, const nsrt_network_info& info,
                   const nsrt_regions& regions, const std::int8_t* input, void* output) {
  const nsrt_run_options timing = {note_time, nullptr};
  const std::uint64_t observing = observer_overhead(), reading = counter_overhead();
  std::uint64_t begin = 0, end = 0;
  nsrt_status status = NSRT_OK;
  const std::uint32_t stack_bytes = stack_depth([&] {
    begin = board::counter();
    status = nsrt_run_in(&model, network, subnet, input, output, &regions, &timing);
    end = board::counter();
  });
  if (status != NSRT_OK) return {status, 0, 0};
  std::uint64_t before = begin;
  for (unsigned op = 0; op < info.operators; ++op) {
    ticks[op] = static_cast<std::uint32_t>(without(finished[op] - before, observing));
    before = finished[op];
  }
  return {NSRT_OK, without(end - begin, reading + info.operators * observing), stack_bytes};
}

const std::uint32_t* operator_ticks() {
  return ticks;
}

}  // namespace app
