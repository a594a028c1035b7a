// The clocks, pins and serial port of a physical board, on plain memory in place of its registers: what the
// values that the start-up code leaves there mean, by the reference manuals (RM0410, RM0433). No chip was
// used; order and waiting are not under test.
#include <doctest/doctest.h>
#include <sys/mman.h>

#include <array>
#include <string>

#include "firmware/boards/board.h"
#include "firmware/boards/stm32/chip.h"
#include "firmware/boards/stm32/registers.h"

extern "C" {
std::uint8_t linker_model_start[1], linker_model_end[1], linker_arena_start[1], linker_arena_end[1],
    linker_fast_start[1], linker_fast_end[1];
}

namespace {

using stm32::reg;

constexpr std::uintptr_t kUsart3 = 0x40004800;
constexpr double kHsi[2] = {16e6, 64e6};

bool is_f767() {
  return std::string(stm32::kChip.board) == "nucleo_f767zi";
}

std::uint32_t field(std::uintptr_t address, unsigned high, unsigned low) {
  return reg(address) >> low & ((1u << (high - low + 1)) - 1);
}

/// Pages of memory where the registers are; what the start-up code waits for is there already.
void provide_registers() {
  for (const std::uintptr_t page : {0x40004000u, 0x40007000u, 0x40020000u, 0x40023000u, 0x52002000u,
                                    0x58020000u, 0x58024000u, 0xE0001000u}) {
    void* const place = reinterpret_cast<void*>(page);
    REQUIRE(::mmap(place, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
            place);
  }
  if (is_f767()) {
    reg(0x40023800) = 1u << 25;             // RCC_CR: PLL ready
    reg(0x40023808) = 2u << 2;              // RCC_CFGR: the PLL drives the system
    reg(0x40007004) = 1u << 16 | 1u << 17;  // PWR_CSR1: over-drive ready, switched
  } else {
    reg(0x58024400) = 1u << 25;  // RCC_CR: PLL 1 ready
    reg(0x58024410) = 3u << 3;   // RCC_CFGR: PLL 1 drives the system
    reg(0x58024804) = 1u << 13;  // PWR_CSR1: voltage ready
    reg(0x58024818) = 1u << 13;  // PWR_D3CR: voltage ready
  }
}

struct Clocks {
  double vco_input, vco, core, bus, apb1;
};

// RM0410, RCC_PLLCFGR and RCC_CFGR.
Clocks f767_clocks() {
  constexpr std::uintptr_t kPll = 0x40023804, kCfgr = 0x40023808;
  CHECK(field(kPll, 22, 22) == 0);  // from HSI
  CHECK(field(kPll, 27, 24) >= 2);
  CHECK(field(kPll, 30, 28) >= 2);
  constexpr std::array<int, 8> kApb{1, 1, 1, 1, 2, 4, 8, 16};
  Clocks clocks{};
  clocks.vco_input = kHsi[0] / field(kPll, 5, 0);
  clocks.vco = clocks.vco_input * field(kPll, 14, 6);
  clocks.core = clocks.vco / (2.0 * field(kPll, 17, 16) + 2);
  CHECK(field(kCfgr, 7, 4) < 8);  // AHB not divided
  clocks.bus = clocks.core;
  clocks.apb1 = clocks.bus / kApb[field(kCfgr, 12, 10)];
  CHECK(clocks.bus / kApb[field(kCfgr, 15, 13)] <= 108e6);
  CHECK(field(kCfgr, 1, 0) == 2);
  return clocks;
}

// RM0433, RCC_PLLCKSELR, RCC_PLL1DIVR, RCC_D1CFGR, RCC_D2CFGR.
Clocks h743_clocks() {
  constexpr std::uintptr_t kSelect = 0x58024428, kDivide = 0x58024430, kD1 = 0x58024418, kD2 = 0x5802441C;
  constexpr std::array<int, 16> kAhb{1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 8, 16, 64, 128, 256, 512};
  constexpr std::array<int, 8> kApb{1, 1, 1, 1, 2, 4, 8, 16};
  CHECK(field(kSelect, 1, 0) == 0);  // from HSI
  Clocks clocks{};
  clocks.vco_input = kHsi[1] / field(kSelect, 9, 4);
  clocks.vco = clocks.vco_input * (field(kDivide, 8, 0) + 1.0);
  clocks.core = clocks.vco / (field(kDivide, 15, 9) + 1.0) / kAhb[field(kD1, 11, 8)];
  clocks.bus = clocks.core / kAhb[field(kD1, 3, 0)];
  clocks.apb1 = clocks.bus / kApb[field(kD2, 6, 4)];
  for (const std::uint32_t divider : {field(kD1, 6, 4), field(kD2, 10, 8), field(0x58024420, 6, 4)})
    CHECK(clocks.bus / kApb[divider] <= 100e6);
  CHECK(field(0x58024410, 2, 0) == 3);
  CHECK(field(0x5802442C, 16, 16) == 1);  // output P is on
  return clocks;
}

}  // namespace

TEST_CASE("the registers describe the clocks that the board claims, within the chip's limits") {
  provide_registers();
  stm32::start_clocks();
  const Clocks clocks = is_f767() ? f767_clocks() : h743_clocks();
  CHECK(clocks.core == stm32::kChip.core_hz);
  CHECK(clocks.apb1 == stm32::kChip.serial_hz);
  if (is_f767()) {
    CHECK((clocks.vco_input >= 1e6 && clocks.vco_input <= 2e6));
    CHECK((clocks.vco >= 100e6 && clocks.vco <= 432e6));
    CHECK(clocks.apb1 <= 54e6);
    CHECK(field(0x40023C00, 3, 0) == 7);    // FLASH_ACR: 7 wait states for 210–216 MHz at 2.7–3.6 V
    CHECK(field(0x40007000, 15, 14) == 3);  // PWR_CR1: scale 1
    CHECK(field(0x40007000, 17, 16) == 3);  // over-drive, switched
    CHECK(field(0x40023830, 3, 3) == 1);    // GPIOD
    CHECK(field(0x40023840, 18, 18) == 1);  // USART3
  } else {
    CHECK((clocks.vco_input >= 4e6 && clocks.vco_input <= 8e6));
    CHECK(field(0x5802442C, 3, 2) == 2);  // RCC_PLLCFGR: input of 4 to 8 MHz
    CHECK(field(0x5802442C, 1, 1) == 0);  // wide VCO
    CHECK((clocks.vco >= 192e6 && clocks.vco <= 836e6));
    CHECK(clocks.bus <= 200e6);
    CHECK(field(0x52002000, 3, 0) == 2);    // FLASH_ACR: 2 wait states for 185–210 MHz at scale 1
    CHECK(field(0x52002000, 5, 4) == 2);    // and this programming delay
    CHECK(field(0x58024818, 15, 14) == 3);  // PWR_D3CR: scale 1
    CHECK(field(0x5802480C, 2, 0) == 2);    // PWR_CR3: LDO, locked
    CHECK(field(0x580244E0, 3, 3) == 1);    // GPIOD
    CHECK(field(0x580244E8, 18, 18) == 1);  // USART3
  }
}

TEST_CASE("the serial port is USART3 on PD8 and PD9 at 460800 baud, within one percent") {
  provide_registers();
  board::init(0, nullptr);
  CHECK(field(stm32::kGpioD + 0x00, 19, 16) == 0b1010);  // alternate functions
  CHECK(field(stm32::kGpioD + 0x24, 7, 0) == 0x77);      // number 7
  CHECK(reg(kUsart3 + 0x0C) >= 16);
  CHECK(static_cast<double>(stm32::kChip.serial_hz) / reg(kUsart3 + 0x0C) ==
        doctest::Approx(460800).epsilon(0.01));
  CHECK(reg(kUsart3) == 0b1101);  // enabled, transmits, receives; 8 bits, no parity, 16 samples a bit
}

TEST_CASE("bytes are taken from and given to the data registers, and errors are cleared") {
  provide_registers();
  constexpr std::uintptr_t kIsr = kUsart3 + 0x1C, kIcr = kUsart3 + 0x20, kRdr = kUsart3 + 0x24,
                           kTdr = kUsart3 + 0x28;
  std::uint8_t byte = 0;
  reg(kIsr) = 1u << 7;
  CHECK_FALSE(board::serial_read(&byte));
  reg(kIsr) = 1u << 5 | 1u << 3;  // received, overrun
  reg(kRdr) = 0x5A;
  CHECK(board::serial_read(&byte));
  CHECK(byte == 0x5A);
  CHECK((reg(kIcr) & 1u << 3) != 0);
  reg(kIsr) = 1u << 7;
  board::serial_write("ok", 2);
  CHECK(reg(kTdr) == 'k');
}

TEST_CASE("cycles go on counting when the 32-bit counter wraps") {
  provide_registers();
  reg(stm32::core::kDwtCyccnt) = 0xFFFFFF00;
  board::init(0, nullptr);
  const std::uint64_t before = board::counter();
  reg(stm32::core::kDwtCyccnt) = 0x100;
  CHECK(board::counter() - before == 0x200);
  CHECK(board::cycles_per_second() == stm32::kChip.core_hz);
}
