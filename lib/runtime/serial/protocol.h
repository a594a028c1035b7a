// What a computer may ask of a board that serves a packed model (docs/format/serial.md). Integers are
// little-endian. A reply has its request's sequence number, its type plus kReply, and begins with a status.
#pragma once

#include <cstddef>
#include <cstdint>

#include "serial/frame.h"

namespace nsrt::serial {

inline constexpr std::uint16_t kProtocolVersion = 3;
inline constexpr std::uint8_t kReply = 0x80;

enum Command : std::uint8_t {
  kHello = 1,  ///< – → u16 version, u8 Counts, u8 0, u32 counts per second, u32 model room, u32 arena, name
  kOpen,       ///< – → u32 offset, u32 index, u32 bytes, u32 crc: validates the model in flash
  kCheck,      ///< – → –: the model's own test vector on every subnet
  kInput,      ///< u16 network, u16 0, u32 offset, bytes → –: a part of the input tensor
  kRun,        ///< u16 network, u16 subnet, u16 Trace → u64 counts, u32 stack bytes: of nsrt_run
  kResult,     ///< u16 Result, u16 0, u32 offset, u32 bytes → bytes: a part of what the last run left
  kDetect,     ///< – → u64 counts: of nsrt_detect, on a detector's outputs of the last run
};

/// Statuses below this one are those of nsrt.h.
enum Status : std::uint32_t { kBadRequest = 256 };

/// What the board counts while it runs.
enum Counts : std::uint8_t { kNothing, kCycles, kInstructions };

enum Trace : std::uint16_t { kNoTrace, kTraceChecksums, kTraceCounts };

enum Result : std::uint16_t {
  kOutput,      ///< the output tensor
  kChecksums,   ///< u32 by operator: CRC-32 of its output, after a run with kTraceChecksums
  kOperators,   ///< u32 by operator: counts, after a run with kTraceCounts
  kDetections,  ///< after kDetect: u32 number of boxes, then room for every candidate, zero behind the boxes
};

inline constexpr std::size_t kMostData = kMostPayload - 8;  ///< bytes of kInput or of the reply to kResult

}  // namespace nsrt::serial
