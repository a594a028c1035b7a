// Standard output as the tools use it: the product and nothing else, and a failed write is never silent.
#pragma once

#include <string_view>

class StandardOutput {
 public:
  /// Throws ns::Error(kEnvironment) if the write fails (closed, disk full). When the reader went away (`|
  /// head`) the rest is dropped silently: whoever closed the pipe has seen enough.
  void write(std::string_view text);
  /// A whole line, flushed: a reader at the other end of a pipe sees it now.
  void line(std::string_view text);
  /// A JSON object on a line of its own. Bytes that are no UTF-8, which names of files may hold, become
  /// U+FFFD.
  template <typename Json>
  void record(const Json& json) {
    line(json.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  /// Flushes; the last chance to notice a full disk.
  void finish();

 private:
  void check(bool ok);
  bool reader_gone_ = false;
};

StandardOutput& standard_output();

/// Ignores SIGPIPE (a long job must not die with its log's reader) and fills closed descriptors 0–2, so that
/// no artifact is ever opened as descriptor 1. Called once by run_tool.
void guard_standard_streams();
