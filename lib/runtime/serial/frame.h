// Frames on a serial line (docs/format/serial.md): what both ends use to find each other's messages among
// lost, repeated and flipped bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nsrt::serial {

inline constexpr std::uint8_t kStart[2] = {0xA5, 0x5A};
inline constexpr std::size_t kHeaderBytes = 6;  ///< start, type, sequence, u16 length
inline constexpr std::size_t kCrcBytes = 4;
inline constexpr std::size_t kMostPayload = 1024;
inline constexpr std::size_t kMostFrame = kHeaderBytes + kMostPayload + kCrcBytes;

struct Frame {
  std::uint8_t type = 0, sequence = 0;
  std::uint16_t length = 0;
  const std::uint8_t* payload = nullptr;
};

/// Writes a frame to `out`, room for kMostFrame bytes; returns its size. length ≤ kMostPayload.
std::size_t encode_frame(std::uint8_t* out, std::uint8_t type, std::uint8_t sequence, const void* payload,
                         std::size_t length);

/// Finds frames in a stream of bytes. What is no frame is skipped, byte by byte, so that a frame that follows
/// a damaged one is found, even one whose start the damaged one seemed to contain.
class FrameReader {
 public:
  /// Takes one byte. Call next() until it returns false before the next push.
  void push(std::uint8_t byte);
  /// The next whole frame with the right CRC, if there is one; its payload is valid until the next call.
  bool next(Frame* frame);
  /// Bytes that belonged to no good frame, so far.
  std::uint32_t skipped() const { return skipped_; }
  /// Forgets the beginning of a frame.
  void reset();

 private:
  void drop(std::size_t bytes);
  void skip_to_start();

  std::uint8_t buffer_[kMostFrame];
  std::size_t size_ = 0, returned_ = 0;  // bytes in the buffer; those of the frame that next() returned
  std::uint32_t skipped_ = 0;
};

}  // namespace nsrt::serial
