// The firmware that goes with this program.
#pragma once

#include <string>

/// The build's own ELF, or the installed one, <folder of the program>/../share/nestkit/nestkit-m7.elf. The
/// build's path if neither is there.
std::string default_firmware();
