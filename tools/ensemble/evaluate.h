// bin-ensemble eval: what the members are worth, alone and together, and what they take.
#pragma once

#include "ensemble/options.h"

int evaluate_checkpoints(const EnsembleOptions& options);
