#pragma once

#include <cstdint>

namespace nsrt {

/// CRC-32 of zip and PNG: crc32_update(0, …) starts one, a previous result continues it.
std::uint32_t crc32_update(std::uint32_t crc, const void* data, std::uint32_t bytes);

inline std::uint32_t crc32(const void* data, std::uint32_t bytes) {
  return crc32_update(0, data, bytes);
}

}  // namespace nsrt
