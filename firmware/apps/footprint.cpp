// The least program that runs a packed model: what the linker leaves of the runtime in it is what the runtime
// costs a user (scripts/runtime_text.py). It runs every subnet of the model in flash after every other one,
// and prints how deep the stack grew, what a run takes, and by how much that depends on the subnet before. A
// refusal is a number: the texts of nsrt_status_text are for programs that print them, and come on top.
#include "firmware/apps/instruction_count.h"
#include "firmware/apps/model_size.h"
#include "firmware/apps/stack_depth.h"
#include "firmware/apps/text.h"
#include "nsrt/nsrt.h"

namespace {

constexpr unsigned kMostSubnets = 8;

nsrt_model model;
nsrt_status status;
std::int16_t output[1024];

void run(unsigned subnet) {
  const board::Region arena = board::arena();
  const std::int8_t* const input = nsrt_input_place(&model, 0, arena.data);
  if (status == NSRT_OK)
    status = nsrt_run(&model, 0, subnet, input, output, arena.data, arena.bytes, nullptr);
}

// Instructions of a run of `subnet` right after one of `before`.
std::uint32_t instructions_after(unsigned before, unsigned subnet) {
  run(before);
  return static_cast<std::uint32_t>(app::count_instructions([&] { run(subnet); }));
}

}  // namespace

int main(int argc, char** argv) {
  board::init(argc, argv);
  const board::Region flash = board::model_flash();
  nsrt_network_info network{};
  const std::uint32_t opening =
      app::stack_depth([&] { status = nsrt_open(&model, flash.data, app::size_in_header(flash)).status; });
  if (status == NSRT_OK) status = nsrt_describe(&model, 0, &network);
  if (network.output.bytes > sizeof output) status = NSRT_BAD_ARGUMENT;
  const std::uint32_t running = app::stack_depth([&] {
    for (unsigned subnet = 1; subnet <= network.subnets; ++subnet) run(subnet);
  });
  std::uint32_t again[kMostSubnets + 1] = {}, switching = 0;
  for (unsigned subnet = 1; subnet <= network.subnets; ++subnet) {
    again[subnet] = instructions_after(subnet, subnet);
    for (unsigned before = 1; before <= network.subnets; ++before) {
      const std::uint32_t after = instructions_after(before, subnet);
      const std::uint32_t difference = after > again[subnet] ? after - again[subnet] : again[subnet] - after;
      if (difference > switching) switching = difference;
    }
  }
  if (status != NSRT_OK) {
    app::Line() << "refused: status=" << static_cast<unsigned>(status) << "\n";
    board::exit(1);
  }
  {
    app::Line line;
    line << "{\"open_stack_bytes\":" << opening << ",\"run_stack_bytes\":" << running
         << ",\"arena_bytes\":" << network.arena_bytes << ",\"instructions\":[";
    for (unsigned subnet = 1; subnet <= network.subnets; ++subnet)
      line << (subnet == 1 ? "" : ",") << again[subnet];
    line << "],\"switching_instructions\":" << switching << "}\n";
  }
  board::exit(0);
}
