// Anytime rules on the emulated Cortex-M7.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ns/deploy/emulator_process.h"
#include "ns/deploy/packed_model.h"
#include "ns/deploy/packed_rule.h"

namespace ns::deploy {

struct AdaptiveOutputs {
  std::vector<nsrt_verdict> verdicts;       ///< by image
  std::vector<std::uint32_t> instructions;  ///< by image: views, networks and rule; 0 if not counted
  double mean_instructions() const;
};

/// Sends planar int8 inputs (planar_input.h) through the rule on the board, shared out among
/// options.processes emulators. `waiting` is called now and then and may throw: that ends the run. Throws as
/// EmulatorSession does.
AdaptiveOutputs run_adaptive(const PackedModel& model, const EmulatorOptions& options, const PackedRule& rule,
                             std::span<const std::int8_t> inputs, Counting counting,
                             const std::function<void()>& waiting = {});
/// The same with the rule that a cooperative model brings.
AdaptiveOutputs run_adaptive(const PackedModel& model, const EmulatorOptions& options,
                             std::span<const std::int8_t> inputs, Counting counting,
                             const std::function<void()>& waiting = {});

}  // namespace ns::deploy
