// bin-ensemble train: one recipe, one checkpoint.
#pragma once

#include "ensemble/options.h"

int train_ensemble(const EnsembleOptions& options);
