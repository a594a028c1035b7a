#include "common/default_firmware.h"

#include <filesystem>

namespace fs = std::filesystem;

std::string default_firmware() {
  std::error_code none;
  const fs::path program = fs::read_symlink("/proc/self/exe", none);
  const fs::path installed = program.parent_path().parent_path() / "share/nestkit/nestkit-m7.elf";
  return fs::is_regular_file(installed, none) ? installed.string() : NESTKIT_FIRMWARE_ELF;
}
