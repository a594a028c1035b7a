// A folder of a test's own that vanishes with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

#include "ns/base/temporary_folder.h"

class TempFolder : public ns::TemporaryFolder {
 public:
  std::size_t file_count() const {
    const std::filesystem::directory_iterator entries(path());
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }
};

inline std::string read_text(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}
