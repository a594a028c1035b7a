// Little-endian numbers in byte sequences, never beyond their end.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ns/base/error.h"

namespace ns {

static_assert(std::endian::native == std::endian::little,
              "files and device are little-endian, so is every host we build on");

/// Reads forward. Going beyond the end throws Error(kInput): "<origin>: truncated at byte 12: 4 bytes
/// expected, 1 found".
class ByteReader {
 public:
  ByteReader(std::span<const std::uint8_t> bytes, std::string origin)
      : bytes_(bytes), origin_(std::move(origin)) {}

  template <class T>
  T read() {
    static_assert(std::is_arithmetic_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  std::span<const std::uint8_t> take(std::size_t count) {
    if (count > remaining()) {
      throw input_error(origin_ + ": truncated at byte " + std::to_string(position_) + ": " +
                        std::to_string(count) + " bytes expected, " + std::to_string(remaining()) + " found");
    }
    position_ += count;
    return bytes_.subspan(position_ - count, count);
  }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::string origin_;
  std::size_t position_ = 0;
};

/// Appends to a growing buffer.
class ByteWriter {
 public:
  template <class T>
  void write(T value) {
    static_assert(std::is_arithmetic_v<T>);
    patch(grow(sizeof(T)), value);
  }
  void append(std::span<const std::uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void append(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  /// Zeros up to the next multiple of `alignment`.
  void align(std::size_t alignment) { grow((alignment - bytes_.size() % alignment) % alignment); }
  /// Overwrites what was written at `position`, e.g. a length that is known only at the end.
  template <class T>
  void patch(std::size_t position, T value) {
    if (position > bytes_.size() || bytes_.size() - position < sizeof(T)) {
      throw internal_error("ByteWriter::patch beyond the end");
    }
    std::memcpy(bytes_.data() + position, &value, sizeof(T));
  }

  std::size_t size() const { return bytes_.size(); }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::size_t grow(std::size_t count) {
    const std::size_t before = bytes_.size();
    bytes_.resize(before + count);
    return before;
  }
  std::vector<std::uint8_t> bytes_;
};

}  // namespace ns
