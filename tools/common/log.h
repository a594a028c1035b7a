// Messages on stderr, through spdlog. fmt's library formats them: spdlog's templates would compile much of
// fmt into every tool.
#pragma once

#include <fmt/core.h>

#include <string>
#include <utility>

/// verbosity: -1 warnings and errors, 0 info, 1 debug, 2 trace. Colour only on a terminal and without
/// NO_COLOR.
void set_up_log(const std::string& tool, int verbosity);

/// No message is written any more: this process is one of many that would say the same.
void silence_log();

enum class LogLevel { kDebug, kInfo, kWarning, kError };
void log_message(LogLevel level, const std::string& message);

/// A message in fmt's format; it is checked by the compiler.
template <class... Args>
void log_debug(fmt::format_string<Args...> text, Args&&... args) {
  log_message(LogLevel::kDebug, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> text, Args&&... args) {
  log_message(LogLevel::kInfo, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> text, Args&&... args) {
  log_message(LogLevel::kWarning, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> text, Args&&... args) {
  log_message(LogLevel::kError, fmt::format(text, std::forward<Args>(args)...));
}
