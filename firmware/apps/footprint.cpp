// The least program that runs a packed model: what the linker leaves of the runtime in it is what the runtime
// costs a user (scripts/runtime_text.py). It runs every subnet of the model in flash on its own test input,
// and prints how deep the stack grew, by painting it before.
#include "firmware/apps/model_size.h"
#include "firmware/apps/text.h"
#include "nsrt/nsrt.h"

namespace {

constexpr std::uint32_t kPainted = 12 * 1024;  // bytes below this frame
constexpr std::uint32_t kPaint = 0x5AFEC0DE;

std::uint32_t* stack_pointer() {
  std::uint32_t* sp;
  asm volatile("mov %0, sp" : "=r"(sp));
  return sp;
}

void paint(std::uint32_t* top) {
  for (std::uint32_t* word = top - kPainted / 4; word != top; ++word)
    *static_cast<volatile std::uint32_t*>(word) = kPaint;
}

std::uint32_t depth(const std::uint32_t* top) {
  const std::uint32_t* word = top - kPainted / 4;
  while (word != top && *static_cast<const volatile std::uint32_t*>(word) == kPaint) ++word;
  return static_cast<std::uint32_t>(top - word) * 4;
}

}  // namespace

int main(int argc, char** argv) {
  board::init(argc, argv);
  const board::Region flash = board::model_flash(), arena = board::arena();
  static std::int16_t output[1024];
  nsrt_model model;
  nsrt_network_info network;
  std::uint32_t* const top = stack_pointer() - 16;  // this frame's own words stay
  paint(top);
  const nsrt_error error = nsrt_open(&model, flash.data, app::size_in_header(flash));
  const std::uint32_t opening = depth(top);
  nsrt_status status = error.status;
  if (status == NSRT_OK) status = nsrt_describe(&model, 0, &network);
  paint(top);
  for (unsigned subnet = 1; status == NSRT_OK && subnet <= network.subnets; ++subnet) {
    const std::int8_t* const input = nsrt_input_place(&model, 0, arena.data);
    status = network.output.bytes > sizeof output
                 ? NSRT_BAD_ARGUMENT
                 : nsrt_run(&model, 0, subnet, input, output, arena.data, arena.bytes, nullptr);
  }
  const std::uint32_t running = depth(top);
  if (status != NSRT_OK) {
    app::Line() << "refused: " << nsrt_status_text(status) << "\n";
    board::exit(1);
  }
  app::Line() << "{\"open_stack_bytes\":" << opening << ",\"run_stack_bytes\":" << running
              << ",\"arena_bytes\":" << network.arena_bytes << "}\n";
  board::exit(0);
}
