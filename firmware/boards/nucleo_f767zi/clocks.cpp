// STM32F767ZI at 216 MHz from its internal oscillator. Everything from RM0410: embedded flash (section 3),
// power control (section 4), reset and clock control (section 5).
#include "firmware/boards/stm32/chip.h"
#include "firmware/boards/stm32/registers.h"

namespace stm32 {

constexpr Chip kNucleoF767zi{"nucleo_f767zi", 216'000'000, 54'000'000};
const Chip kChip = kNucleoF767zi;
const std::uintptr_t kGpioD = 0x40020C00;

namespace {

constexpr std::uintptr_t kRcc = 0x40023800, kRccCr = kRcc, kRccPllCfgr = kRcc + 0x04, kRccCfgr = kRcc + 0x08,
                         kRccAhb1Enr = kRcc + 0x30, kRccApb1Enr = kRcc + 0x40;
constexpr std::uintptr_t kPwrCr1 = 0x40007000, kPwrCsr1 = 0x40007004;
constexpr std::uintptr_t kFlashAcr = 0x40023C00;

}  // namespace

void start_clocks() {
  reg(kRccApb1Enr) = reg(kRccApb1Enr) | 1u << 28 | 1u << 18;  // PWR, USART3
  reg(kRccAhb1Enr) = reg(kRccAhb1Enr) | 1u << 3;              // GPIOD
  settle(kRccAhb1Enr);
  set_field(kPwrCr1, 3u << 14, 3u << 14);  // voltage scale 1

  // HSI 16 MHz / 8 · 216 / 2 = 216 MHz. The other outputs get legal dividers: Q 9, R 2.
  reg(kRccPllCfgr) = 2u << 28 | 9u << 24 | 0u << 22 | 0u << 16 | 216u << 6 | 8u;
  reg(kRccCr) = reg(kRccCr) | 1u << 24;
  wait_until(kRccCr, 1u << 25, 1u << 25);

  // Above 180 MHz the regulator needs its over-drive.
  reg(kPwrCr1) = reg(kPwrCr1) | 1u << 16;
  wait_until(kPwrCsr1, 1u << 16, 1u << 16);
  reg(kPwrCr1) = reg(kPwrCr1) | 1u << 17;
  wait_until(kPwrCsr1, 1u << 17, 1u << 17);

  // 7 wait states at 216 MHz and 2.7–3.6 V. The accelerator and its prefetch serve the flash's other address,
  // on the ITCM bus; this firmware runs through the caches.
  set_field(kFlashAcr, 0xF, 7);
  wait_until(kFlashAcr, 0xF, 7);

  set_field(kRccCfgr, 0xFCF0, 5u << 10 | 4u << 13);  // AHB / 1, APB1 / 4 = 54 MHz, APB2 / 2 = 108 MHz
  set_field(kRccCfgr, 3, 2);                         // the PLL drives the system
  wait_until(kRccCfgr, 3u << 2, 2u << 2);
}

}  // namespace stm32
