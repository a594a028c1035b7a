// What ns-prune prints for people.
#pragma once

#include <string>

#include "ns/nested/prune.h"
#include "ns/train/sensitivity.h"

/// Weights that every layer has and every subnet keeps.
std::string table_of(const ns::nested::PruneReport& report);

/// Accuracy for every layer pruned alone, by sparsity.
std::string table_of(const ns::train::Sensitivity& scan);
