// The firmware that goes with this program.
#pragma once

#include <string>

/// What is installed with the program, <its folder>/../share/nestkit/nestkit-m7.elf, if it is there; else the
/// build's own.
std::string default_firmware();
