#include "firmware/boards/board.h"

#include <string.h>

#include "firmware/boards/mps2_an500/semihosting.h"

extern "C" std::uint8_t linker_model_start[], linker_model_end[], linker_arena_start[], linker_arena_end[];

namespace board {
namespace {

// CMSDK APB timer 0: counts down from 2^32 − 1 at 25 MHz of virtual time.
struct Timer {
  volatile std::uint32_t control, value, reload, interrupt;
};
Timer& timer() {
  return *reinterpret_cast<Timer*>(0x40000000);
}

// CMSDK APB UART 0 (ARM DDI 0479).
struct Uart {
  volatile std::uint32_t data, state, control, interrupt, divider;
};
Uart& uart() {
  return *reinterpret_cast<Uart*>(0x40004000);
}
constexpr std::uint32_t kTransmitFull = 1, kReceived = 2;                    // state
constexpr std::uint32_t kTransmit = 1, kReceive = 2, kReceiveInterrupt = 8;  // control

Arguments words;
char command_line[1024];
std::uint32_t last_value;
std::uint64_t ticks_so_far;

void split_command_line() {
  char* at = command_line;
  bool program_name = true;
  while (*at) {
    while (*at == ' ') *at++ = 0;
    if (!*at) break;
    if (!program_name && words.count < Arguments::kMost) words.word[words.count++] = at;
    program_name = false;
    while (*at && *at != ' ') ++at;
  }
}

int open(const char* path, std::uint32_t mode) {
  const std::uintptr_t block[3] = {reinterpret_cast<std::uintptr_t>(path), mode, strlen(path)};
  return semihosting::call(semihosting::kOpen, block);
}

}  // namespace

void init(int, char**) {
  std::uintptr_t block[2] = {reinterpret_cast<std::uintptr_t>(command_line), sizeof command_line};
  if (semihosting::call(semihosting::kGetCommandLine, block) == 0) split_command_line();
  timer().control = 0;
  timer().reload = 0xFFFFFFFF;
  timer().value = 0xFFFFFFFF;
  timer().control = 1;
  last_value = timer().value;
  uart().divider = 16;  // its least; QEMU's line has no speed
  uart().control = kTransmit | kReceive;
}

// Sleeps until a byte has come: a core that polls would keep QEMU from fetching it. The interrupt wakes the
// core and, masked, does no more.
static void wait_for_byte() {
  constexpr std::uint32_t kUartReceive = 1;                                      // IRQ 0
  auto& enabled = *reinterpret_cast<volatile std::uint32_t*>(0xE000E100);        // NVIC_ISER0
  auto& clear_pending = *reinterpret_cast<volatile std::uint32_t*>(0xE000E280);  // NVIC_ICPR0
  asm volatile("cpsid i" ::: "memory");
  enabled = kUartReceive;
  uart().control = kTransmit | kReceive | kReceiveInterrupt;
  if (!(uart().state & kReceived)) asm volatile("dsb\n wfi" ::: "memory");
  uart().control = kTransmit | kReceive;
  uart().interrupt = 2;
  clear_pending = kUartReceive;
  asm volatile("cpsie i" ::: "memory");
}

bool serial_read(std::uint8_t* byte) {
  if (!(uart().state & kReceived)) wait_for_byte();
  if (!(uart().state & kReceived)) return false;
  *byte = static_cast<std::uint8_t>(uart().data);
  return true;
}

void serial_write(const void* data, std::size_t bytes) {
  const auto* at = static_cast<const std::uint8_t*>(data);
  for (; bytes > 0; --bytes) {
    while (uart().state & kTransmitFull) {
    }
    uart().data = *at++;
  }
}

const char* name() {
  return "mps2_an500";
}

const Arguments& arguments() {
  return words;
}

void write_text(const char* text) {
  semihosting::call(semihosting::kWrite0, text);
}

int open_for_reading(const char* path) {
  return open(path, 1);
}  // "rb"
int open_for_writing(const char* path) {
  return open(path, 5);
}  // "wb"

std::size_t read(int file, void* data, std::size_t bytes) {
  const std::uintptr_t block[3] = {static_cast<std::uintptr_t>(file), reinterpret_cast<std::uintptr_t>(data),
                                   bytes};
  const std::int32_t missing = semihosting::call(semihosting::kRead, block);
  return missing < 0 || static_cast<std::size_t>(missing) > bytes ? 0
                                                                  : bytes - static_cast<std::size_t>(missing);
}

bool write(int file, const void* data, std::size_t bytes) {
  const std::uintptr_t block[3] = {static_cast<std::uintptr_t>(file), reinterpret_cast<std::uintptr_t>(data),
                                   bytes};
  return semihosting::call(semihosting::kWrite, block) == 0;
}

bool close(int file) {
  const std::uintptr_t block[1] = {static_cast<std::uintptr_t>(file)};
  return semihosting::call(semihosting::kClose, block) == 0;
}

void exit(int status) {
  const std::uint32_t block[2] = {semihosting::kApplicationExit, static_cast<std::uint32_t>(status)};
  for (;;) semihosting::call(semihosting::kExitExtended, block);
}

std::uint64_t counter() {
  const std::uint32_t value = timer().value;
  ticks_so_far += last_value - value;  // modulo 2^32
  last_value = value;
  return ticks_so_far;
}

// -icount shift=7: one instruction is 128 ns of virtual time, 3.2 ticks.
std::uint64_t instructions(std::uint64_t ticks) {
  return (5 * ticks + 8) / 16;
}
bool counts_instructions() {
  return true;
}
std::uint32_t cycles_per_second() {
  return 0;
}

Region model_flash() {
  return {linker_model_start, static_cast<std::size_t>(linker_model_end - linker_model_start)};
}
Region arena() {
  return {linker_arena_start, static_cast<std::size_t>(linker_arena_end - linker_arena_start)};
}

Region fast_ram() {
  return {nullptr, 0};
}

}  // namespace board
