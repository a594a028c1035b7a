// speed NETWORK: one inference of every subnet, in lines
//   op subnet=K index=I instructions=N
//   detect subnet=K instructions=N            (of a detector: boxes from its outputs for noise)
//   total subnet=K instructions=N stack=BYTES
#include "firmware/apps/apps.h"
#include "firmware/apps/detections.h"
#include "firmware/apps/text.h"
#include "firmware/apps/timed_run.h"

namespace app {
namespace {

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
  std::int8_t* const input = nsrt_input_place(&model, network, arena.data);
  fill_with_noise(input, info.input.bytes);
  const TimedRun run = timed_run(model, network, subnet, info, {nullptr, 0, arena.data, info.arena_bytes},
                                 input, arena.data + info.arena_bytes);
  if (run.status != NSRT_OK) return refuse(run.status);
  for (unsigned op = 0; op < info.operators; ++op) {
    Line() << "op subnet=" << subnet << " index=" << op
           << " instructions=" << board::instructions(operator_ticks()[op]) << "\n";
  }
  nsrt_detector detector;
  if (nsrt_describe_detector(&model, network, &detector) == NSRT_OK) {
    const std::uint8_t* const outputs = arena.data + info.arena_bytes;
    std::uint32_t* const found = detections_place(outputs + info.output.bytes, detector);
    if (found == nullptr) return refuse(NSRT_ARENA_TOO_SMALL);
    const Detected detected = detect(model, network, subnet, outputs, detector, found);
    if (detected.status != NSRT_OK) return refuse(detected.status);
    Line() << "detect subnet=" << subnet << " instructions=" << board::instructions(detected.ticks) << "\n";
  }
  Line() << "total subnet=" << subnet << " instructions=" << board::instructions(run.total)
         << " stack=" << run.stack_bytes << "\n";
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
