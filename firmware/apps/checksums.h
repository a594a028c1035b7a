// What a traced run computes: the CRC-32 of every operator's output.
#pragma once

#include <cstdint>

#include "firmware/apps/timed_run.h"

namespace app {

/// Of the last run with store_checksum as its observer.
extern std::uint32_t checksums[kMostOperators];

void store_checksum(void*, unsigned op_index, const void* output, std::uint32_t bytes);

}  // namespace app
