// Bytes of the file and where they lie in it. Fields may lie at any address.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace nsrt {

// Weights, counts and multipliers are used in place.
static_assert(std::endian::native == std::endian::little,
              "packed models are little-endian and used in place");

/// A range of the file. The accessors do not check: the reader compares with `size` first.
struct Region {
  const std::uint8_t* data = nullptr;
  std::uint32_t size = 0;
  std::uint32_t file_offset = 0;

  std::uint8_t u8(std::uint32_t at) const { return data[at]; }
  std::int8_t i8(std::uint32_t at) const { return static_cast<std::int8_t>(data[at]); }
  std::uint16_t u16(std::uint32_t at) const { return get<std::uint16_t>(at); }
  std::int16_t i16(std::uint32_t at) const { return get<std::int16_t>(at); }
  std::uint32_t u32(std::uint32_t at) const { return get<std::uint32_t>(at); }
  std::int32_t i32(std::uint32_t at) const { return get<std::int32_t>(at); }
  /// An integer, or a record of them that is laid out as in the file.
  template <class Value>
  Value get(std::uint32_t at) const {
    Value value;
    std::memcpy(&value, data + at, sizeof value);
    return value;
  }

  bool zero(std::uint32_t at, std::uint32_t count) const {
    for (std::uint32_t i = 0; i < count; ++i) {
      if (data[at + i] != 0) return false;
    }
    return true;
  }
  bool contains(std::uint64_t at, std::uint64_t count) const { return at <= size && count <= size - at; }
  /// Only after contains(at, count).
  Region part(std::uint32_t at, std::uint32_t count) const { return {data + at, count, file_offset + at}; }
};

constexpr std::uint64_t round_up(std::uint64_t value, std::uint32_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace nsrt
