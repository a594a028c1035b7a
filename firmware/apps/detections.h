// A detector's boxes as the apps hand them on: their number (u32), then room for every candidate, zero where
// there is no box. That is what lib/ns/deploy expects behind the outputs (PackedModel::answer_bytes).
#pragma once

#include <cstdint>

#include "nsrt/detect.h"

namespace app {

std::uint32_t detections_bytes(const nsrt_detector& detector);

/// Where they lie in the arena, behind what ends there; null without room.
std::uint32_t* detections_place(const std::uint8_t* end, const nsrt_detector& detector);

struct Detected {
  nsrt_status status;
  std::uint64_t ticks;  ///< of board::counter(), of nsrt_detect alone
};

/// From the `outputs` of a run of this subnet.
Detected detect(const nsrt_model& model, unsigned network, unsigned subnet, const std::uint8_t* outputs,
                const nsrt_detector& detector, std::uint32_t* place);

}  // namespace app
