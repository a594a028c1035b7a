// Memory-mapped registers, and those of the core that every Cortex-M7 has. Sources: ARM DDI 0403 (Armv7-M
// Architecture Reference Manual), ARM DDI 0489 (Cortex-M7 TRM).
#pragma once

#include <cstdint>

namespace stm32 {

inline volatile std::uint32_t& reg(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

/// Replaces the bits of `mask`.
inline void set_field(std::uintptr_t address, std::uint32_t mask, std::uint32_t value) {
  reg(address) = (reg(address) & ~mask) | value;
}

inline void wait_until(std::uintptr_t address, std::uint32_t mask, std::uint32_t value) {
  while ((reg(address) & mask) != value) {
  }
}

/// Reads a register for nothing but the time it takes: a peripheral answers two cycles after its clock
/// starts.
inline void settle(std::uintptr_t address) {
  const std::uint32_t value = reg(address);
  static_cast<void>(value);
}

inline void barrier() {
  asm volatile("dsb\n isb" ::: "memory");
}

namespace core {
inline constexpr std::uintptr_t kVtor = 0xE000ED08, kCcr = 0xE000ED14, kShcsr = 0xE000ED24,
                                kCcsidr = 0xE000ED80, kCsselr = 0xE000ED84, kCpacr = 0xE000ED88,
                                kMpuCtrl = 0xE000ED94, kMpuRnr = 0xE000ED98, kMpuRbar = 0xE000ED9C,
                                kMpuRasr = 0xE000EDA0, kDemcr = 0xE000EDFC, kIciallu = 0xE000EF50,
                                kDcisw = 0xE000EF60, kDwtCtrl = 0xE0001000, kDwtCyccnt = 0xE0001004,
                                kDwtLar = 0xE0001FB0;
}

}  // namespace stm32
