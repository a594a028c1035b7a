// A progress bar with rate and time left, on stderr, only where somebody is looking.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

enum class ProgressMode { kAuto, kAlways, kNever };

class Progress {
 public:
  /// `unit` as in "images"; kAuto draws only on a terminal.
  Progress(std::string what, std::string unit, ProgressMode mode = ProgressMode::kAuto);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `done` of `total` units; `note` is appended (e.g. a loss). Draws at most ten times a second.
  void update(std::int64_t done, std::int64_t total, const std::string& note = {});
  /// Wipes the bar, so that a log line can be written; the next update draws it again.
  void clear();
  bool visible() const { return visible_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_, unit_;
  bool visible_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now(), last_{};
  std::int64_t first_done_ = -1;
};

/// "auto", "always", "never"; throws ns::Error(kUsage) for anything else.
ProgressMode progress_mode(const std::string& word);
