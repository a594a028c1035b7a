// speed NETWORK: one inference of every subnet, in lines
//   op subnet=K index=I instructions=N
//   total subnet=K instructions=N
// An operator's count runs from the end of the one before (the first: from the call) to its own end; the
// total also holds what nsrt_run does after the last operator. The cost of counting is taken off.
#include "firmware/apps/apps.h"
#include "firmware/apps/instruction_count.h"
#include "firmware/apps/text.h"

namespace app {
namespace {

constexpr unsigned kMostOperators = 1024;  // docs/format/nsm.md
std::uint64_t finished[kMostOperators];

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

std::uint64_t without(std::uint64_t ticks, std::uint64_t overhead) {
  return ticks > overhead ? ticks - overhead : 0;
}

// The kernels' paths depend little on the data; a fixed noise keeps the figures repeatable.
void fill_with_noise(std::int8_t* input, std::uint32_t bytes) {
  std::uint32_t state = 1;
  for (std::uint32_t i = 0; i < bytes; ++i) {
    state = state * 1664525 + 1013904223;
    input[i] = static_cast<std::int8_t>(state >> 24);
  }
}

int count_subnet(const nsrt_model& model, unsigned network, unsigned subnet, const nsrt_network_info& info) {
  const board::Region arena = board::arena();
  if (arena.bytes < std::uint64_t{info.arena_bytes} + info.output.bytes) return refuse(NSRT_ARENA_TOO_SMALL);
  const nsrt_run_options timing = {note_time, nullptr};
  const std::uint64_t observing = observer_overhead(), reading = counter_overhead();
  std::int8_t* const input = nsrt_input_place(&model, network, arena.data);
  fill_with_noise(input, info.input.bytes);
  const std::uint64_t begin = board::counter();
  const nsrt_status status = nsrt_run(&model, network, subnet, input, arena.data + info.arena_bytes,
                                      arena.data, info.arena_bytes, &timing);
  const std::uint64_t end = board::counter();
  if (status != NSRT_OK) return refuse(status);
  std::uint64_t before = begin;
  for (unsigned op = 0; op < info.operators; ++op) {
    const std::uint64_t ticks = without(finished[op] - before, observing);
    Line() << "op subnet=" << subnet << " index=" << op << " instructions=" << board::instructions(ticks)
           << "\n";
    before = finished[op];
  }
  const std::uint64_t ticks = without(end - begin, reading + info.operators * observing);
  Line() << "total subnet=" << subnet << " instructions=" << board::instructions(ticks) << "\n";
  return kDone;
}

}  // namespace

int speed() {
  const board::Arguments& arguments = board::arguments();
  std::uint32_t network;
  if (arguments.count != 2 || !parse_number(arguments.word[1], &network)) return kUsage;
  if (!board::counts_instructions()) {
    Line() << "this board cannot count instructions\n";
    return kUsage;
  }
  nsrt_model model;
  if (!open_model(&model)) return kRefused;
  nsrt_network_info info;
  if (const nsrt_status status = nsrt_describe(&model, network, &info); status != NSRT_OK)
    return refuse(status);
  for (unsigned subnet = 1; subnet <= info.subnets; ++subnet) {
    if (const int status = count_subnet(model, network, subnet, info); status != kDone) return status;
  }
  return kDone;
}

}  // namespace app
