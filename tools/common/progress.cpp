#include "common/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "ns/base/error.h"

Progress::Progress(std::string what, std::string unit, ProgressMode mode)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      visible_(mode == ProgressMode::kAlways || (mode == ProgressMode::kAuto && isatty(STDERR_FILENO))) {}

Progress::~Progress() {
  clear();
}

void Progress::update(std::int64_t done, std::int64_t total, const std::string& note) {
  if (!visible_ || total <= 0) return;
  const auto now = Clock::now();
  if (first_done_ < 0) first_done_ = done;  // a resumed job starts in the middle
  if (done < total && now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  constexpr int kWidth = 24;
  const int filled = static_cast<int>(kWidth * std::min(done, total) / total);
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done - first_done_) / seconds : 0;
  const auto left = rate > 0 ? static_cast<long long>(static_cast<double>(total - done) / rate) : 0;
  std::fprintf(stderr, "\r\033[K%s [%s%s] %3d%%  %.0f %s/s  %lld:%02lld left  %s", what_.c_str(),
               std::string(filled, '#').c_str(), std::string(kWidth - filled, '.').c_str(),
               static_cast<int>(100 * done / total), rate, unit_.c_str(), left / 60, left % 60, note.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::clear() {
  if (drawn_) std::fputs("\r\033[K", stderr);
  drawn_ = false;
}

ProgressMode progress_mode(const std::string& word) {
  if (word == "auto") return ProgressMode::kAuto;
  if (word == "always") return ProgressMode::kAlways;
  if (word == "never") return ProgressMode::kNever;
  throw ns::usage_error("--progress: expected auto, always or never, found '" + word + "'");
}
