// The programs that this build has made for the emulated board and for the host board.
#pragma once

#include <string>

#include "ns/deploy/emulator_process.h"

inline ns::deploy::EmulatorOptions emulator(const std::string& program = "nestkit-m7") {
  ns::deploy::EmulatorOptions options;
  options.elf = std::string(NESTKIT_FIRMWARE_DIR) + "/" + program + ".elf";
  return options;
}
