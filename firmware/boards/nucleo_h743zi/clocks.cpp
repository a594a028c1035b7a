// STM32H743ZI at 400 MHz, which every revision of the chip reaches (480 MHz only revision V), from its
// internal oscillator. Everything from RM0433: embedded flash (section 4), power control (section 6), reset
// and clock control (section 8).
#include "firmware/boards/stm32/chip.h"
#include "firmware/boards/stm32/registers.h"

namespace stm32 {

constexpr Chip kNucleoH743zi{"nucleo_h743zi", 400'000'000, 100'000'000};
const Chip kChip = kNucleoH743zi;
const std::uintptr_t kGpioD = 0x58020C00;

namespace {

constexpr std::uintptr_t kRcc = 0x58024400, kRccCr = kRcc, kRccCfgr = kRcc + 0x10, kRccD1Cfgr = kRcc + 0x18,
                         kRccD2Cfgr = kRcc + 0x1C, kRccD3Cfgr = kRcc + 0x20, kRccPllCkSelr = kRcc + 0x28,
                         kRccPllCfgr = kRcc + 0x2C, kRccPll1Divr = kRcc + 0x30, kRccAhb4Enr = kRcc + 0xE0,
                         kRccApb1LEnr = kRcc + 0xE8;
constexpr std::uintptr_t kPwr = 0x58024800, kPwrCsr1 = kPwr + 0x04, kPwrCr3 = kPwr + 0x0C,
                         kPwrD3Cr = kPwr + 0x18;
constexpr std::uintptr_t kFlashAcr = 0x52002000;

}  // namespace

void start_clocks() {
  // The supply must be configured once before voltage scaling can change: the board uses the LDO.
  set_field(kPwrCr3, 7, 2);
  wait_until(kPwrCsr1, 1u << 13, 1u << 13);
  set_field(kPwrD3Cr, 3u << 14, 3u << 14);  // voltage scale 1
  wait_until(kPwrD3Cr, 1u << 13, 1u << 13);

  // HSI 64 MHz / 16 = 4 MHz, · 200 = 800 MHz, / 2 = 400 MHz; the other outputs stay off.
  set_field(kRccPllCkSelr, 3u | 0x3Fu << 4, 0u | 16u << 4);
  set_field(kRccPllCfgr, 0xFu | 7u << 16,
            2u << 2 | 1u << 16);  // no fraction, wide VCO, input 4–8 MHz, output P
  reg(kRccPll1Divr) = 1u << 24 | 1u << 16 | (2u - 1) << 9 | (200u - 1);
  reg(kRccCr) = reg(kRccCr) | 1u << 24;
  wait_until(kRccCr, 1u << 25, 1u << 25);

  set_field(kFlashAcr, 0x3F, 2u << 4 | 2u);  // 200 MHz at scale 1: 2 wait states, programming delay 2
  wait_until(kFlashAcr, 0x3F, 2u << 4 | 2u);

  set_field(kRccD1Cfgr, 0xF7F, 4u << 4 | 8u);       // core / 1, AHB and AXI / 2 = 200 MHz, APB3 / 2 = 100 MHz
  set_field(kRccD2Cfgr, 0x770, 4u << 4 | 4u << 8);  // APB1 and APB2 100 MHz
  set_field(kRccD3Cfgr, 0x70, 4u << 4);             // APB4 100 MHz
  set_field(kRccCfgr, 7, 3);                        // PLL 1 drives the system
  wait_until(kRccCfgr, 7u << 3, 3u << 3);

  reg(kRccAhb4Enr) = reg(kRccAhb4Enr) | 1u << 3;     // GPIOD
  reg(kRccApb1LEnr) = reg(kRccApb1LEnr) | 1u << 18;  // USART3
  settle(kRccApb1LEnr);
}

}  // namespace stm32
