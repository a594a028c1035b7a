#include "ns/deploy/board_line.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "ns/base/error.h"

namespace ns::deploy {
namespace {

using Clock = std::chrono::steady_clock;
using nsrt::serial::Frame;
using nsrt::serial::kMostFrame;

double seconds_from_now(Clock::time_point time) {
  return std::chrono::duration<double>(time - Clock::now()).count();
}

std::string text(double seconds) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%g", seconds);
  return digits;
}

}  // namespace

std::uint64_t BoardReply::number(std::size_t offset, std::size_t bytes) const {
  if (data.size() < offset || data.size() - offset < bytes) {
    throw environment_error(
        "the board's reply of " + std::to_string(data.size()) + " bytes is shorter than the protocol says",
        "its firmware may be of another version: build and flash it again");
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value |= std::uint64_t{data[offset + i]} << 8 * i;
  return value;
}

BoardRequest& BoardRequest::put(std::uint32_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) bytes_.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  return *this;
}

BoardRequest& BoardRequest::put(std::span<const std::uint8_t> data) {
  bytes_.insert(bytes_.end(), data.begin(), data.end());
  return *this;
}

BoardReply BoardLine::request(nsrt::serial::Command command, std::span<const std::uint8_t> payload) {
  const bool runs = command == nsrt::serial::kRun || command == nsrt::serial::kCheck;
  std::array<std::uint8_t, kMostFrame> frame;
  const std::size_t bytes =
      nsrt::serial::encode_frame(frame.data(), command, ++sequence_, payload.data(), payload.size());
  const std::uint32_t before = reader_.skipped();
  for (unsigned attempt = 0; attempt < options_.attempts; ++attempt) {
    if (attempt > 0) {
      ++repeated_;
      quieten();
    }
    port_.write(std::span(frame).first(bytes), options_.reply_seconds);
    const auto sent = Clock::now();
    BoardReply reply;
    if (receive(static_cast<std::uint8_t>(command | nsrt::serial::kReply), patience(runs, attempt), &reply)) {
      if (runs) longest_run_ = std::max(longest_run_, -seconds_from_now(sent));
      return reply;
    }
  }
  throw environment_error(device() + ": no answer from the board, asked " +
                              std::to_string(options_.attempts) + " times and waited up to " +
                              text(runs ? options_.run_seconds : options_.reply_seconds) + " s each; " +
                              std::to_string(reader_.skipped() - before) + " bytes came that were no frame",
                          "is nestkit's firmware in its flash (docs/boards.md), and is this its device?");
}

// A run that takes ten times as long as the longest so far has probably lost its reply.
double BoardLine::patience(bool runs, unsigned attempt) const {
  if (!runs) return options_.reply_seconds;
  if (longest_run_ == 0 || attempt + 1 == options_.attempts) return options_.run_seconds;
  return std::min(options_.run_seconds, options_.reply_seconds + 10 * longest_run_);
}

bool BoardLine::receive(std::uint8_t type, double seconds, BoardReply* reply) {
  const auto end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  for (;;) {
    std::array<std::uint8_t, 512> piece;
    const std::size_t got = port_.read(piece, std::max(0.0, seconds_from_now(end)));
    for (std::size_t i = 0; i < got; ++i) {
      reader_.push(piece[i]);
      for (Frame frame; reader_.next(&frame);) {
        // Anything else is late: the answer to a request that was given up.
        if (frame.type != type || frame.sequence != sequence_ || frame.length < 4) continue;
        reply->data.assign(frame.payload, frame.payload + frame.length);
        reply->status = static_cast<std::uint32_t>(reply->number(0, 4));
        reply->data.erase(reply->data.begin(), reply->data.begin() + 4);
        reader_.reset();
        return true;
      }
    }
    if (Clock::now() >= end) return false;
  }
}

// A board that waits for the rest of a truncated frame gets as much as the longest frame has; zeros are never
// the start of one.
void BoardLine::quieten() {
  port_.write(std::vector<std::uint8_t>(kMostFrame, 0), options_.reply_seconds);
  port_.discard_input();
  reader_.reset();
}

}  // namespace ns::deploy
