#include "serial/frame.h"

#include <string.h>

#include "model/crc32.h"

namespace nsrt::serial {
namespace {

std::uint32_t u16(const std::uint8_t* at) {
  return at[0] | std::uint32_t{at[1]} << 8;
}
std::uint32_t u32(const std::uint8_t* at) {
  return u16(at) | u16(at + 2) << 16;
}

// Of everything between start and CRC.
std::uint32_t checksum(const std::uint8_t* frame, std::size_t length) {
  return crc32(frame + sizeof kStart, static_cast<std::uint32_t>(kHeaderBytes - sizeof kStart + length));
}

}  // namespace

std::size_t encode_frame(std::uint8_t* out, std::uint8_t type, std::uint8_t sequence, const void* payload,
                         std::size_t length) {
  out[0] = kStart[0];
  out[1] = kStart[1];
  out[2] = type;
  out[3] = sequence;
  out[4] = static_cast<std::uint8_t>(length);
  out[5] = static_cast<std::uint8_t>(length >> 8);
  if (length > 0) memcpy(out + kHeaderBytes, payload, length);
  const std::uint32_t crc = checksum(out, length);
  for (std::size_t i = 0; i < kCrcBytes; ++i)
    out[kHeaderBytes + length + i] = static_cast<std::uint8_t>(crc >> 8 * i);
  return kHeaderBytes + length + kCrcBytes;
}

void FrameReader::push(std::uint8_t byte) {
  if (size_ < sizeof buffer_) buffer_[size_++] = byte;
}

bool FrameReader::next(Frame* frame) {
  drop(returned_);
  returned_ = 0;
  for (;; drop(1), ++skipped_) {
    skip_to_start();
    if (size_ < kHeaderBytes) return false;
    const std::size_t length = u16(buffer_ + 4);
    if (length > kMostPayload) continue;
    const std::size_t bytes = kHeaderBytes + length + kCrcBytes;
    if (size_ < bytes) return false;
    if (u32(buffer_ + kHeaderBytes + length) != checksum(buffer_, length)) continue;
    *frame = {buffer_[2], buffer_[3], static_cast<std::uint16_t>(length), buffer_ + kHeaderBytes};
    returned_ = bytes;
    return true;
  }
}

void FrameReader::reset() {
  drop(returned_);
  returned_ = 0;
  skipped_ += static_cast<std::uint32_t>(size_);
  size_ = 0;
}

void FrameReader::drop(std::size_t bytes) {
  size_ -= bytes;
  memmove(buffer_, buffer_ + bytes, size_);
}

void FrameReader::skip_to_start() {
  std::size_t at = 0;
  while (at < size_ && (buffer_[at] != kStart[0] || (at + 1 < size_ && buffer_[at + 1] != kStart[1]))) ++at;
  skipped_ += static_cast<std::uint32_t>(at);
  drop(at);
}

}  // namespace nsrt::serial
