// The figures of a finished checkpoint, instead of a training run.
#pragma once

#include <string>

#include "ns/train/recipe.h"

/// Evaluates every subnet on the test part of the recipe's data set and prints a table, or with `json` one
/// record per subnet. Returns the exit status.
int evaluate_checkpoint(const std::string& checkpoint, const ns::train::Recipe& recipe, bool json);
