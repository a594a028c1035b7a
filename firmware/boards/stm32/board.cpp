// The board layer of both Nucleo-144 boards: USART3 on PD8 and PD9, which the ST-LINK passes on as a virtual
// COM port (UM1974, "USART communication"); the cycle counter. Register layouts of USART and GPIO are the
// same in RM0410 and RM0433.
#include "firmware/boards/board.h"

#include "firmware/boards/stm32/chip.h"
#include "firmware/boards/stm32/registers.h"

extern "C" {
extern std::uint8_t linker_model_start[], linker_model_end[], linker_arena_start[], linker_arena_end[],
    linker_fast_start[], linker_fast_end[];
}

namespace board {
namespace {

using stm32::reg;
using stm32::set_field;

constexpr std::uint32_t kBaud = 460800;

constexpr std::uintptr_t kUsart3 = 0x40004800, kCr1 = kUsart3, kBrr = kUsart3 + 0x0C, kIsr = kUsart3 + 0x1C,
                         kIcr = kUsart3 + 0x20, kRdr = kUsart3 + 0x24, kTdr = kUsart3 + 0x28;
constexpr std::uint32_t kEnable = 1u << 0, kReceiver = 1u << 2, kTransmitter = 1u << 3;  // CR1
constexpr std::uint32_t kReceiveErrors = 0xF;                  // ISR and ICR: parity, framing, noise, overrun
constexpr std::uint32_t kReceived = 1u << 5, kRoom = 1u << 7;  // ISR

std::uint32_t last_value;
std::uint64_t cycles_so_far;

// PD8 and PD9: alternate function 7, pulled up, so that an open line is an idle line.
void connect_pins() {
  const std::uintptr_t moder = stm32::kGpioD, pupdr = stm32::kGpioD + 0x0C, afrh = stm32::kGpioD + 0x24;
  set_field(afrh, 0xFF, 0x77);
  set_field(pupdr, 0xFu << 16, 0x5u << 16);
  set_field(moder, 0xFu << 16, 0xAu << 16);
}

}  // namespace

void init(int, char**) {
  connect_pins();
  reg(kCr1) = 0;
  reg(kBrr) = (stm32::kChip.serial_hz + kBaud / 2) / kBaud;
  reg(kCr1) = kEnable | kReceiver | kTransmitter;
  last_value = reg(stm32::core::kDwtCyccnt);
}

bool serial_read(std::uint8_t* byte) {
  const std::uint32_t state = reg(kIsr);
  if (state & kReceiveErrors) reg(kIcr) = kReceiveErrors;  // an overrun would stop reception
  if (!(state & kReceived)) return false;
  *byte = static_cast<std::uint8_t>(reg(kRdr));
  return true;
}

void serial_write(const void* data, std::size_t bytes) {
  const auto* at = static_cast<const std::uint8_t*>(data);
  for (; bytes > 0; --bytes) {
    stm32::wait_until(kIsr, kRoom, kRoom);
    reg(kTdr) = *at++;
  }
}

const char* name() {
  return stm32::kChip.board;
}

std::uint64_t counter() {
  const std::uint32_t value = reg(stm32::core::kDwtCyccnt);
  cycles_so_far += value - last_value;  // modulo 2^32
  last_value = value;
  return cycles_so_far;
}

std::uint32_t cycles_per_second() {
  return stm32::kChip.core_hz;
}

std::uint64_t instructions(std::uint64_t) {
  return 0;
}
bool counts_instructions() {
  return false;
}

Region model_flash() {
  return {linker_model_start, static_cast<std::size_t>(linker_model_end - linker_model_start)};
}
Region arena() {
  return {linker_arena_start, static_cast<std::size_t>(linker_arena_end - linker_arena_start)};
}

Region fast_ram() {
  return {linker_fast_start, static_cast<std::size_t>(linker_fast_end - linker_fast_start)};
}

}  // namespace board
