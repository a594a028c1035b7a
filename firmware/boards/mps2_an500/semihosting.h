// Arm semihosting: the emulator (or debugger) serves files, the console and the exit status. Arm IHI,
// "Semihosting for AArch32 and AArch64", release 3.2.
#pragma once

#include <cstdint>

namespace semihosting {

enum Operation : std::uint32_t {
  kOpen = 0x01,
  kClose = 0x02,
  kWrite0 = 0x04,
  kWrite = 0x05,
  kRead = 0x06,
  kGetCommandLine = 0x15,
  kExitExtended = 0x20,
};

inline constexpr std::uint32_t kApplicationExit = 0x20026;

inline std::int32_t call(Operation operation, const void* parameters) {
  register std::uint32_t r0 asm("r0") = operation;
  register const void* r1 asm("r1") = parameters;
  asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return static_cast<std::int32_t>(r0);
}

}  // namespace semihosting
