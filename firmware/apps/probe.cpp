// Misbehaves on command, to test the board and what the host makes of it:
//   bus | flash | beyond | undefined | divide | overflow | hang | count-long
#include <string.h>

#include "firmware/apps/instruction_count.h"
#include "firmware/apps/text.h"

namespace {

[[gnu::noinline]] std::uint32_t recurse(std::uint32_t depth) {
  volatile std::uint32_t room[64];
  room[depth % 64] = depth;
  return depth == ~0u ? 0 : recurse(depth + 1) + room[depth % 64];
}

// Longer than the board's 32-bit timer lasts (1.34e9 instructions), in three pieces that it does last for.
void count_long() {
  const std::uint64_t begin = board::counter();
  for (int piece = 0; piece < 3; ++piece) {
    std::uint32_t rounds = 300'000'000;
    asm volatile("1: subs %0, %0, #1\nbne 1b\n" : "+r"(rounds)::"cc");
    board::counter();
  }
  app::Line() << board::instructions(board::counter() - begin) << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  board::init(argc, argv);
  const char* command = board::arguments().count > 0 ? board::arguments().word[0] : "";
  volatile std::uint32_t zero = 0;
  if (strcmp(command, "bus") == 0) {
    zero = *reinterpret_cast<volatile std::uint32_t*>(0xB0000000);  // nothing there
  } else if (strcmp(command, "flash") == 0) {
    *reinterpret_cast<volatile std::uint32_t*>(0x00040000) = 1;
  } else if (strcmp(command, "beyond") == 0) {
    zero = *reinterpret_cast<volatile std::uint32_t*>(0x20080000);  // the first byte after 512 KB
  } else if (strcmp(command, "undefined") == 0) {
    asm volatile("udf #0");
  } else if (strcmp(command, "divide") == 0) {
    zero = 7 / zero;
  } else if (strcmp(command, "overflow") == 0) {
    zero = recurse(0);
  } else if (strcmp(command, "hang") == 0) {
    app::Line() << "hanging\n";
    for (;;) asm volatile("nop");
  } else if (strcmp(command, "count-long") == 0) {
    count_long();
  }
  board::exit(0);
}
