// From reset to main on an STM32 with a Cortex-M7.
#include <string.h>

#include <cstdint>

#include "firmware/boards/stm32/chip.h"
#include "firmware/boards/stm32/registers.h"

extern "C" {
extern std::uint8_t linker_data_start[], linker_data_end[], linker_data_load[], linker_bss_start[],
    linker_bss_end[], linker_itcm_start[], linker_itcm_end[], linker_itcm_load[];
int main(int argc, char** argv);
[[noreturn]] void reset_handler();
[[noreturn]] void fault_handler();
extern void (*const vector_table[])();
}

namespace stm32 {
namespace {

std::size_t size(const std::uint8_t* begin, const std::uint8_t* end) {
  return reinterpret_cast<std::uintptr_t>(end) - reinterpret_cast<std::uintptr_t>(begin);
}

// A region of 2^size_log2 bytes that nobody may access, not even speculatively.
void forbid(std::uint32_t region, std::uint32_t address, std::uint32_t size_log2) {
  constexpr std::uint32_t kExecuteNever = 1u << 28, kEnable = 1;
  reg(core::kMpuRnr) = region;
  reg(core::kMpuRbar) = address;
  reg(core::kMpuRasr) = kExecuteNever | (size_log2 - 1) << 1 | kEnable;
}

// The default memory map has flash, tightly coupled memory and SRAM right. Forbidden: what lies below the
// stack, and external memory, which these boards do not have but the core would read ahead from.
void protect() {
  forbid(0, 0x1FFFFFE0, 5);
  forbid(1, 0x60000000, 29);
  forbid(2, 0x80000000, 29);
  reg(core::kMpuCtrl) = 1u << 2 | 1u;  // enabled, default map for the rest
  barrier();
}

void enable_instruction_cache() {
  reg(core::kIciallu) = 0;
  barrier();
  reg(core::kCcr) = reg(core::kCcr) | 1u << 17;
  barrier();
}

// After reset a cache's contents are unknown: every set and way of the data cache is invalidated first. The
// M7 has four ways in bits 31:30 and lines of 32 bytes.
void enable_data_cache() {
  constexpr std::uint32_t kWayShift = 30, kSetShift = 5;
  reg(core::kCsselr) = 0;
  asm volatile("dsb" ::: "memory");
  const std::uint32_t geometry = reg(core::kCcsidr), sets = (geometry >> 13 & 0x7FFF) + 1,
                      ways = (geometry >> 3 & 0x3FF) + 1;
  for (std::uint32_t set = 0; set < sets; ++set) {
    for (std::uint32_t way = 0; way < ways; ++way) reg(core::kDcisw) = way << kWayShift | set << kSetShift;
  }
  asm volatile("dsb" ::: "memory");
  reg(core::kCcr) = reg(core::kCcr) | 1u << 16;
  barrier();
}

// The counter of the debug unit counts core cycles once tracing is on; on the M7 its registers are locked
// until the key is written.
void start_cycle_counter() {
  constexpr std::uint32_t kKey = 0xC5ACCE55;
  reg(core::kDemcr) = reg(core::kDemcr) | 1u << 24;
  reg(core::kDwtLar) = kKey;
  reg(core::kDwtCyccnt) = 0;
  reg(core::kDwtCtrl) = reg(core::kDwtCtrl) | 1u;
}

}  // namespace
}  // namespace stm32

extern "C" void reset_handler() {
  using namespace stm32;
  reg(core::kVtor) = reinterpret_cast<std::uintptr_t>(vector_table);
  reg(core::kCpacr) = reg(core::kCpacr) | 0xFu << 20;  // the FPU
  barrier();
  start_clocks();
  memcpy(linker_itcm_start, linker_itcm_load, size(linker_itcm_start, linker_itcm_end));
  memcpy(linker_data_start, linker_data_load, size(linker_data_start, linker_data_end));
  memset(linker_bss_start, 0, size(linker_bss_start, linker_bss_end));
  barrier();
  protect();
  enable_instruction_cache();
  enable_data_cache();
  start_cycle_counter();
  main(0, nullptr);
  fault_handler();
}

// There is no console: whoever waits for an answer notices the silence, a debugger finds the core here.
extern "C" void fault_handler() {
  for (;;) asm volatile("wfi");
}
