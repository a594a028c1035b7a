// The frame of every main(): options every tool has, errors turned into one message and the documented exit
// code.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "common/exit_code.h"

struct ToolInfo {
  std::string name;         // "ns-pack"
  std::string description;  // one line
  std::string examples;     // two real command lines, each on its own line
  std::string next;         // the next tool of the pipeline, one line
};

/// Declares the tool's options on `app` and returns what runs after parsing; that returns an ExitCode.
using ToolSetup = std::function<std::function<int()>(CLI::App& app)>;

/// Adds --version, -q, -v and the footer, parses, runs, and reports errors on stderr as
/// "ns-pack: error: message" and, where known, "ns-pack: hint: …".
int run_tool(const ToolInfo& info, int argc, char** argv, const ToolSetup& setup);
