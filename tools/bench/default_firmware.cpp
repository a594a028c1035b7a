#include "bench/default_firmware.h"

#include <filesystem>

namespace fs = std::filesystem;

std::string default_firmware() {
  std::error_code none;
  if (fs::is_regular_file(NESTKIT_FIRMWARE_ELF, none)) return NESTKIT_FIRMWARE_ELF;
  const fs::path program = fs::read_symlink("/proc/self/exe", none);
  const fs::path installed = (program.parent_path() / "../share/nestkit/nestkit-m7.elf").lexically_normal();
  return fs::is_regular_file(installed, none) ? installed.string() : NESTKIT_FIRMWARE_ELF;
}
