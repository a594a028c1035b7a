// The verdicts of many inputs after every stage: computed once, and every stopping rule can be tried on them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/anytime/scoring.h"
#include "ns/anytime/stopping_rule.h"

namespace ns::anytime {

/// The class scores of every stage on the same samples.
struct StageLogits {
  std::size_t samples = 0, classes = 0;
  std::vector<std::vector<float>> stages;  ///< [stage][sample · classes + class]

  std::span<const float> of(std::size_t stage, std::size_t sample) const {
    return std::span(stages[stage]).subspan(sample * classes, classes);
  }
};

struct Tracks {
  std::size_t samples = 0, passes = 0;
  std::vector<Verdict> verdicts;  ///< [sample · passes + pass]

  const Verdict& at(std::size_t sample, std::size_t pass) const { return verdicts[sample * passes + pass]; }
};

/// Sends every sample through stages order[0], order[1], …
Tracks track(const StageLogits& logits, std::span<const std::size_t> order, const ScorerFactory& scorer);

/// Where a rule stops every sample.
struct Outcome {
  std::vector<Verdict> verdicts;      ///< [sample]
  std::vector<std::uint16_t> passes;  ///< [sample], from 1
};

/// Throws Error(kInternal) if the rule wants more passes than there are.
Outcome stop(const Tracks& tracks, const StoppingRule& rule);

/// Right answers after `pass` stages (from 1) of everybody.
std::size_t correct_after(const Tracks& tracks, std::span<const std::int32_t> labels, std::size_t pass);

}  // namespace ns::anytime
