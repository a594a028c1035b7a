// The command line of bin-ensemble.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "train/run_files.h"

struct EnsembleOptions : RunFiles {
  std::string command;
  std::vector<std::string> inputs;  // the recipe, or checkpoints
  std::string exclude, progress = "auto", confidence = "max_probability";
  bool print_config = false, json = false;
  int threads = 0;
  std::uint64_t images = 0;
  std::optional<double> min_accuracy;
  std::optional<std::uint64_t> max_bytes;
};
