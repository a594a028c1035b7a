#include "ns/data/manifest.h"

#include <filesystem>

#include "ns/base/sha256.h"

namespace ns::data {

std::string manifest_sha256(std::span<const std::string> paths) {
  std::string text;
  for (const std::string& path : paths) {
    text += sha256_hex_of_file(path) + "  " + std::filesystem::path(path).filename().string() + "\n";
  }
  return sha256_hex(text);
}

}  // namespace ns::data
