// The files of a training run: its recipe, its checkpoint and what it resumes from.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "ns/train/recipe.h"

struct RunFiles {
  std::string recipe, output, resume, data_dir;
  std::vector<std::string> settings;  // KEY=VALUE
  bool overwrite = false;
};

/// The recipe with its settings applied. Throws ns::Error(kUsage).
ns::train::Recipe effective_recipe(const RunFiles& files);

/// model.safetensors → model.resume.safetensors
std::string resumable_path(const std::string& output);

/// Throws ns::Error if the output cannot be written, would overwrite something, also one of `inputs`, or if
/// an interrupted run has left a resumable checkpoint that is neither continued nor to be overwritten.
void check_outputs(const RunFiles& files, std::initializer_list<std::string> inputs);
