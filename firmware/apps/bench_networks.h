// The layers and networks whose instructions are counted.
#pragma once

#include <span>

#include "firmware/apps/bench_layer.h"

namespace app {

struct BenchCase {
  const char* name;
  const char* variant;  ///< "/dense", "/s75/speed", …
  std::span<const BenchLayer> layers;
  Pruning pruning;  ///< of the prunable layers
};

std::span<const BenchCase> bench_cases();

}  // namespace app
