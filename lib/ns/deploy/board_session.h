// Packed models on a board at a serial line: outputs to compare with the host's, and what the board counts.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ns/deploy/emulator_session.h"
#include "ns/deploy/engine.h"

namespace ns::deploy {

struct BoardOptions {
  std::string device;        ///< "/dev/ttyACM0"
  double reply_seconds = 2;  ///< for an answer to anything but a run
  double run_seconds = 60;   ///< for one inference, or the model's test vector on every subnet
  unsigned attempts = 4;     ///< a request is repeated until it has been sent so often
};

enum class BoardCounts { kNothing, kCycles, kInstructions };

/// What a board says of itself.
struct BoardDescription {
  std::string name;  ///< its folder in firmware/boards
  BoardCounts counts = BoardCounts::kNothing;
  std::uint32_t core_hz = 0;  ///< of a board that counts cycles
  std::uint32_t model_room = 0, arena_bytes = 0;
};

class BoardLine;
struct BoardReply;

/// Errors of all its functions: Error(kEnvironment) for a device that cannot be used, a board that is silent
/// or speaks another version; Error(kInput) if the board refuses its model, or has another one in flash.
class BoardSession : public Engine {
 public:
  /// Greets the board and lets it validate the model in its flash, which must be `model`, byte for byte (size
  /// and CRC-32). `model` must outlive the session.
  BoardSession(const PackedModel& model, const BoardOptions& options);
  ~BoardSession() override;

  const PackedModel& model() const override { return model_; }
  const BoardDescription& board() const { return board_; }
  Outputs run(const Batch& batch, const Progress& progress = {}) override;
  /// What one inference of every subnet takes, smallest first, in the board's counts: the second run of each,
  /// with warm caches. Empty if the board counts nothing. The first operator includes the call's own start.
  std::vector<SubnetCost> measure_speed(unsigned network = 0, const Progress& progress = {});
  /// The model's own test vector on every subnet; Error(kCheck) if a byte differs.
  void self_test();
  /// Requests that had to be sent again, because the line lost or damaged something.
  std::size_t repeated_requests() const;

 private:
  void greet();
  void open_model();
  BoardReply ask(std::uint8_t command, std::span<const std::uint8_t> payload);
  BoardReply run_one(unsigned network, unsigned subnet, std::span<const std::int8_t> input,
                     std::uint16_t trace);
  void fetch(std::uint16_t what, std::span<std::uint8_t> bytes);

  const PackedModel& model_;
  std::unique_ptr<BoardLine> line_;
  BoardDescription board_;
};

}  // namespace ns::deploy
