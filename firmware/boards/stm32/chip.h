// What differs between the STM32F767 and the STM32H743, for the code that both share.
#pragma once

#include <cstdint>

namespace stm32 {

struct Chip {
  const char* board;
  std::uint32_t core_hz;
  std::uint32_t serial_hz;  ///< kernel clock of USART3
};
extern const Chip kChip;

/// From reset: supply, flash wait states, PLL, buses, then the clocks of GPIOD and USART3. Nothing in RAM is
/// initialised yet.
void start_clocks();

/// GPIO port D.
extern const std::uintptr_t kGpioD;

}  // namespace stm32
