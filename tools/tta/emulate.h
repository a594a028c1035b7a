// The rule on the emulated Cortex-M7: the host's decisions, and what they cost there.
#pragma once

#include "ns/data/dataset.h"
#include "tta/rules.h"

struct EmulatorResult {
  std::size_t images = 0, different = 0;  // verdicts that are not the host's, bit for bit
  // Executed instructions per image: views, networks and rule.
  double plain_instructions = 0, static_instructions = 0, adaptive_instructions = 0;
};

/// On the first `options.emulator_images` test images (0: all), of a packed model. Throws
/// ns::Error(kUsage) for views that need resampling.
EmulatorResult emulate(const TtaOptions& options, const Subject& subject, const CalibratedRule& rule,
                       const std::vector<ns::anytime::Stage>& pool, const ns::data::Dataset& test);
