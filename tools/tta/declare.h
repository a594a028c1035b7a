// The command line of tta-eval.
#pragma once

#include "tta/options.h"

void declare(CLI::App& app, TtaOptions& options);

/// Combinations that make no sense are ns::Error(kUsage); unknown words too, before any work.
void check(const TtaOptions& options);
