// What a run shows while it goes on, and what it keeps.
#pragma once

#include <string>

#include "common/progress.h"
#include "ns/train/trainer.h"

/// Moves `bar`, tells every epoch on standard error and with `json` on standard output, in the name of
/// `tool`, and writes resumable checkpoints to `resumable`. Recipe, path and bar must outlive the result.
ns::train::Observers observers_of_run(const std::string& tool, const ns::train::Recipe& recipe,
                                      const std::string& resumable, Progress& bar, bool json);
