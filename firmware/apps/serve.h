// Serves the model in flash over the board's serial line (docs/format/serial.md).
#pragma once

#include <cstdint>

#include "nsrt/regions.h"
#include "serial/protocol.h"

namespace app {

/// What one computer asks of the board. No state survives but the opened model, the last input and results,
/// and the last reply: a request that arrives again, because its reply was lost, is answered again, not run
/// again.
class ModelServer {
 public:
  /// Answers one request with a frame in reply(); returns the frame's bytes.
  std::size_t answer(const nsrt::serial::Frame& request);
  const std::uint8_t* reply() const { return reply_; }

 private:
  struct Request;
  void hello();
  std::uint32_t open();
  std::uint32_t check();
  std::uint32_t input(const Request& request);
  std::uint32_t run(const Request& request);
  std::uint32_t detect(const Request& request);
  std::uint32_t result(const Request& request);
  std::uint32_t execute(const Request& request);
  std::uint32_t describe(unsigned network, nsrt_network_info* info, nsrt_regions* regions) const;

  void put(std::uint64_t value, unsigned bytes);
  void put_bytes(const void* data, std::size_t bytes);

  bool opened_ = false;
  nsrt_model model_{};
  nsrt_network_info ran_{};  // what the results are of
  unsigned network_ = 0, subnet_ = 0;
  std::uint8_t* output_ = nullptr;  // of the last run
  const std::uint32_t* found_ = nullptr;
  std::uint32_t found_bytes_ = 0;  // 0: no boxes of the last run
  std::uint16_t trace_ = nsrt::serial::kNoTrace;
  std::uint8_t payload_[nsrt::serial::kMostPayload];
  std::size_t length_ = 0;
  std::uint8_t reply_[nsrt::serial::kMostFrame];
  std::size_t reply_bytes_ = 0;
  int last_sequence_ = -1, last_type_ = -1;
};

/// Reads and answers for ever.
[[noreturn]] void serve();

}  // namespace app
