// The one exception type of lib/ns. Tools turn its kind into the documented exit code (docs/pipeline.md).
#pragma once

#include <stdexcept>
#include <string>

namespace ns {

/// Who has to act on an error; the tools' exit codes are derived from it.
enum class ErrorKind {
  kCheck,        ///< a requested check failed (exit 1)
  kUsage,        ///< arguments or configuration (exit 2)
  kInput,        ///< a bad input artifact or data file (exit 3)
  kEnvironment,  ///< I/O, memory, emulator or board (exit 4)
  kInternal,     ///< our own bug (exit 5)
};

/// what() says file, place, expected and found, e.g. "model.nsm: section WNCS at 0x400: row 17 is truncated";
/// hint() is one actionable sentence or empty.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, std::string hint = {})
      : std::runtime_error(message), kind_(kind), hint_(std::move(hint)) {}
  ErrorKind kind() const { return kind_; }
  const std::string& hint() const { return hint_; }

 private:
  ErrorKind kind_;
  std::string hint_;
};

inline Error usage_error(const std::string& message, std::string hint = {}) {
  return {ErrorKind::kUsage, message, std::move(hint)};
}
inline Error input_error(const std::string& message, std::string hint = {}) {
  return {ErrorKind::kInput, message, std::move(hint)};
}
inline Error environment_error(const std::string& message, std::string hint = {}) {
  return {ErrorKind::kEnvironment, message, std::move(hint)};
}
inline Error internal_error(const std::string& message, std::string hint = {}) {
  return {ErrorKind::kInternal, message, std::move(hint)};
}

}  // namespace ns
