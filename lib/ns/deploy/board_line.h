// Requests to a board and its replies, over a line that loses and flips bytes (docs/format/serial.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ns/deploy/board_session.h"
#include "ns/deploy/serial_port.h"
#include "serial/protocol.h"

namespace ns::deploy {

struct BoardReply {
  std::uint32_t status = 0;  ///< nsrt_status, or nsrt::serial::Status
  std::vector<std::uint8_t> data;

  /// Little-endian integer of `bytes` ≤ 8 bytes. Throws Error(kEnvironment) if the reply is shorter.
  std::uint64_t number(std::size_t offset, std::size_t bytes) const;
};

class BoardLine {
 public:
  explicit BoardLine(const BoardOptions& options) : options_(options), port_(options.device) {}

  /// Sends a request and returns its reply. A reply that does not come in time, or comes damaged, is asked
  /// for again. Throws Error(kEnvironment) after the last attempt.
  BoardReply request(nsrt::serial::Command command, std::span<const std::uint8_t> payload = {});
  const std::string& device() const { return port_.device(); }
  /// Requests that had to be sent again, so far.
  std::size_t repeated() const { return repeated_; }

 private:
  double patience(bool runs, unsigned attempt) const;
  bool receive(std::uint8_t type, double seconds, BoardReply* reply);
  void quieten();

  BoardOptions options_;
  SerialPort port_;
  nsrt::serial::FrameReader reader_;
  std::uint8_t sequence_ = 0;
  std::size_t repeated_ = 0;
  double longest_run_ = 0;  ///< seconds from a request to run to its reply; 0: none yet
};

/// A request's fields, little-endian, one after the other.
class BoardRequest {
 public:
  BoardRequest& put(std::uint32_t value, std::size_t bytes);
  BoardRequest& put(std::span<const std::uint8_t> data);
  operator std::span<const std::uint8_t>() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace ns::deploy
