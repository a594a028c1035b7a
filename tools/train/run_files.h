// The files of a training run: its recipe, what it learns from, its checkpoint and what it resumes from.
#pragma once

#include <string>
#include <vector>

#include "ns/train/recipe.h"

struct RunFiles {
  std::string recipe, output, resume, data_dir, init, teacher, sample_weights;
  std::vector<std::string> settings;  // KEY=VALUE
  bool overwrite = false;
};

/// The recipe with its settings applied. Throws ns::Error(kUsage).
ns::train::Recipe effective_recipe(const RunFiles& files);

/// model.safetensors → model.resume.safetensors
std::string resumable_path(const std::string& output);

/// The command that continues the run when it is interrupted; `tool` as in "ns-train".
std::string continue_words(const RunFiles& files, const std::string& tool);

/// Throws ns::Error if the output or the resumable checkpoint beside it cannot be written or is one of the
/// inputs, if the output is there already and must not be overwritten, or if another interrupted run has left
/// its resumable checkpoint there.
void check_outputs(const RunFiles& files);
