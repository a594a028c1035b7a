// Anytime rules in integers, as the runtime and the board have them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ns/anytime/scoring.h"
#include "ns/anytime/stage_runner.h"
#include "ns/anytime/stopping_rule.h"
#include "nsrt/anytime.h"

namespace ns::deploy {

/// A stopping rule with its stages for lib/runtime/anytime. Holds what nsrt_rule points at.
class PackedRule {
 public:
  /// One stage per pass up to rule.max_passes. Throws Error(kUsage) naming a view that needs resampling: the
  /// runtime shifts and mirrors only.
  PackedRule(const anytime::Scoring& scoring, const anytime::StoppingRule& rule,
             std::span<const anytime::Stage> stages, std::size_t classes);
  PackedRule(const PackedRule&) = delete;
  PackedRule& operator=(const PackedRule&) = delete;

  const nsrt_rule& rule() const { return rule_; }
  /// What the firmware's command `adapt` reads (firmware/apps/adapt.cpp): little-endian words, those of
  /// nsrt_rule in the order classes … threshold_columns, then six per stage, then the thresholds.
  std::vector<std::uint8_t> bytes() const;

 private:
  std::vector<nsrt_stage> stages_;
  std::vector<std::uint32_t> thresholds_;
  nsrt_rule rule_{};
};

/// The words of docs/format/rule.md for a rule that the runtime accepts: "weighted" where the stages of a
/// mean of probabilities weigh differently.
std::string aggregate_name(const nsrt_rule& rule);
std::string confidence_name(const nsrt_rule& rule);

/// A runtime score as the fraction 0 … 1 that thresholds are compared with; after `passes` stages.
double score_of(const anytime::Scoring& scoring, std::uint32_t score, std::size_t passes);

/// The runtime's own arithmetic on logits in units of 1/256, for packed models; as
/// anytime::float_scorer otherwise. `stages` are at most so many.
anytime::ScorerFactory packed_scorer(const anytime::Scoring& scoring, std::size_t classes,
                                     std::size_t stages);

}  // namespace ns::deploy
