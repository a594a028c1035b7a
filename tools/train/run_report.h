// What a run shows while it goes on, and what it keeps.
#pragma once

#include <string>

#include "common/progress.h"
#include "ns/train/trainer.h"

/// Moves `bar`, tells every epoch on standard error and with `json` on standard output, and writes resumable
/// checkpoints to `resumable`. The references must outlive the result.
ns::train::Observers observers_of_run(const ns::train::Recipe& recipe, const std::string& resumable,
                                      Progress& bar, bool json);
