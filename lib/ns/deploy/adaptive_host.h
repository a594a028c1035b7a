// Anytime rules of packed models on this computer, over whole data sets.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/deploy/engine.h"

namespace ns::deploy {

/// Sends planar int8 inputs (planar_input.h) through the rule's stages: the verdicts that the runtime's
/// nsrt_run_adaptive gives for each, by stage and with the fast kernels. threads = 0: one per core. Throws
/// Error(kUsage) for a stage that is not in the model, Error(kInternal) if the inputs are not a whole number
/// of tensors. `progress` gets the number of inputs that the rule has stopped for; what it throws ends the
/// run.
std::vector<nsrt_verdict> run_adaptive(const PackedModel& model, const nsrt_rule& rule,
                                       std::span<const std::int8_t> inputs, unsigned threads = 0,
                                       const Progress& progress = {});

}  // namespace ns::deploy
