// Artifacts through pipes: "-" is standard input or standard output.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "common/option_groups.h"

/// For an option that names an input artifact: "-" becomes /dev/stdin, whose whole content is kept so that it
/// can be read more than once, also when it is a pipe. Refuses a terminal.
CLI::Validator artifact_input();

/// Where a tool's artifact goes: to a file, whole or not at all, or with "-" to standard output. The report
/// then goes to standard error, for standard output has one product.
class ArtifactOutput {
 public:
  /// Throws what check_writable does, and ns::Error(kUsage) for "-" together with --json or on a terminal.
  ArtifactOutput(const OutputOptions& options, bool json, std::initializer_list<std::string> inputs);

  /// Written before the artifact: a report that cannot be written leaves no artifact either.
  void report(std::string_view text);
  void write(std::span<const std::uint8_t> artifact);

 private:
  OutputOptions options_;
  bool piped_;
};
