// From reset to main, and what happens when the core faults.
#include <string.h>
#include <cstdint>

#include "firmware/boards/board.h"
#include "firmware/boards/mps2_an500/semihosting.h"

extern "C" {
extern std::uint8_t linker_itcm_start[], linker_itcm_end[], linker_itcm_load[];
extern std::uint32_t linker_data_start[], linker_data_end[], linker_data_load[], linker_bss_start[],
    linker_bss_end[];
extern std::uint8_t linker_stack_bottom[], linker_stack_top[];
int main(int argc, char** argv);
void reset_handler();
[[noreturn]] void start();
void fault_handler();
[[noreturn]] void report_fault(const std::uint32_t* frame);
}

namespace {

volatile std::uint32_t& system_register(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

void write_hex(const char* label, std::uint32_t value) {
  char text[11] = "0x00000000";
  for (int digit = 0; digit < 8; ++digit) text[9 - digit] = "0123456789abcdef"[value >> (4 * digit) & 15];
  board::write_text(label);
  board::write_text(text);
}

const char* fault_name(std::uint32_t exception) {
  switch (exception) {
    case 2:
      return "NMI";
    case 3:
      return "HardFault";
    case 4:
      return "MemManage";
    case 5:
      return "BusFault";
    case 6:
      return "UsageFault";
  }
  return "unexpected exception";
}

// QEMU's board has more memory than an STM32F767ZI, and ignores stray accesses between its parts. The memory
// protection unit makes flash read-only and everything around flash and RAM a fault; below RAM lies the
// stack's end.
enum Access : std::uint32_t { kNone = 0, kReadOnly = 6 };
void protect(std::uint32_t region, std::uint32_t address, std::uint32_t size_log2, Access access) {
  constexpr std::uint32_t kNormalMemory = 1u << 19 | 1u << 17 | 1u << 16, kEnable = 1;
  system_register(0xE000ED98) = region;                                                         // MPU_RNR
  system_register(0xE000ED9C) = address;                                                        // MPU_RBAR
  system_register(0xE000EDA0) = access << 24 | kNormalMemory | (size_log2 - 1) << 1 | kEnable;  // MPU_RASR
}

void enforce_budgets() {
  protect(0, 0x00000000, 21, kReadOnly);  // 2 MB of flash
  protect(1, 0x00200000, 21, kNone);
  protect(2, 0x1FF00000, 20, kNone);
  protect(3, 0x20080000, 19, kNone);  // after 512 KB of RAM
  protect(4, 0x20100000, 20, kNone);
  protect(5, 0x20200000, 21, kNone);
  system_register(0xE000ED94) = 1u << 2 | 1u;  // MPU_CTRL: enabled, default map for the rest
  asm volatile("dsb\n isb" ::: "memory");
}

}  // namespace

// Reset on the handlers' stack; the program gets its own (PSP), so that a fault can be reported even when
// that one has overflowed.
extern "C" [[gnu::naked]] void reset_handler() {
  asm volatile(
      "ldr r0, =linker_stack_top\n"
      "msr psp, r0\n"
      "movs r0, #2\n"
      "msr control, r0\n"
      "isb\n"
      "b start\n");
}

extern "C" [[noreturn]] void start() {
  system_register(0xE000ED88) |= 0xFu << 20;  // CPACR: full access to the FPU
  asm volatile("dsb\n isb" ::: "memory");
  memcpy(linker_itcm_start, linker_itcm_load,
         reinterpret_cast<std::uintptr_t>(linker_itcm_end) -
             reinterpret_cast<std::uintptr_t>(linker_itcm_start));
  memcpy(linker_data_start, linker_data_load,
         reinterpret_cast<std::uintptr_t>(linker_data_end) -
             reinterpret_cast<std::uintptr_t>(linker_data_start));
  memset(
      linker_bss_start, 0,
      reinterpret_cast<std::uintptr_t>(linker_bss_end) - reinterpret_cast<std::uintptr_t>(linker_bss_start));
  enforce_budgets();
  system_register(0xE000ED14) |= 1u << 4;   // CCR: trap division by zero
  system_register(0xE000ED24) |= 7u << 16;  // SHCSR: memory, bus and usage faults under their own names
  board::exit(main(0, nullptr));
}

extern "C" [[gnu::naked]] void fault_handler() {
  asm volatile(
      "mrs r0, psp\n"
      "b report_fault\n");
}

// The session on the host looks for the words "fault:" (lib/ns/deploy/emulator_session.h).
extern "C" [[noreturn]] void report_fault(const std::uint32_t* frame) {
  const auto sp = reinterpret_cast<std::uintptr_t>(frame);
  const bool overflow = sp < reinterpret_cast<std::uintptr_t>(linker_stack_bottom);
  board::write_text("fault: ");
  board::write_text(fault_name(system_register(0xE000ED04) & 0x1FF));
  if (overflow || sp > reinterpret_cast<std::uintptr_t>(linker_stack_top)) {
    board::write_text(overflow ? " (stack overflow)" : " (stack pointer lost)");
    write_hex(" sp=", static_cast<std::uint32_t>(sp));
  } else {
    write_hex(" pc=", frame[6]);
    write_hex(" lr=", frame[5]);
  }
  const std::uint32_t cfsr = system_register(0xE000ED28);
  write_hex(" cfsr=", cfsr);
  if (cfsr & (1u << 15)) write_hex(" address=", system_register(0xE000ED38));  // BFAR
  if (cfsr & (1u << 7)) write_hex(" address=", system_register(0xE000ED34));   // MMFAR
  board::write_text("\n");
  board::exit(70);
}
