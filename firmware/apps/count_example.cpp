// How to count the instructions of a piece of code on the emulated board: copy this file, see
// firmware/README.md.
#include "firmware/apps/instruction_count.h"
#include "firmware/apps/text.h"

int main(int argc, char** argv) {
  board::init(argc, argv);
  for (std::uint32_t rounds = 1000; rounds <= 1000000; rounds *= 1000) {
    const std::uint64_t counted = app::count_instructions([=] {
      // Two instructions a round, one before the first.
      asm volatile(
          "mov r0, %0\n"
          "1: subs r0, r0, #1\n"
          "bne 1b\n" ::"r"(rounds)
          : "r0", "cc");
    });
    app::Line() << "a loop of " << rounds << " rounds: " << counted << " instructions\n";
  }
  board::exit(0);
}
