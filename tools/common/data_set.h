// The data set of a tool that was not told one.
#pragma once

#include <string>
#include <vector>

#include "common/option_groups.h"

/// Without --data, `options` takes the data set that the models (files: checkpoints or packed models) were
/// trained on; fashion_mnist if none of them says. Throws ns::Error(kInput) for a file that is no model or
/// names a data set that there is not, ns::Error(kUsage) if the models name different ones.
void choose_data_set(DataOptions& options, const std::vector<std::string>& models);
