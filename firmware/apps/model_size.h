#pragma once

#include <cstddef>
#include <cstdint>

#include "firmware/boards/board.h"

namespace app {

/// A packed model says its own size (docs/format/nsm.md, header); flash beyond it is not looked at.
inline std::size_t size_in_header(const board::Region& flash) {
  const std::uint8_t* field = flash.data + 12;
  const std::uint32_t bytes = field[0] | field[1] << 8 | field[2] << 16 | std::uint32_t{field[3]} << 24;
  return bytes < flash.bytes ? bytes : flash.bytes;
}

}  // namespace app
