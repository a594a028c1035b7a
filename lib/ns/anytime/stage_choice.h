// Which stages, in which order, with which weights: learned on a validation split.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/anytime/threshold_calibration.h"
#include "ns/anytime/track.h"

namespace ns::anytime {

/// Stage 0 first, then always the stage that makes the aggregate of all so far right most often (of equals
/// the first): the order of `count` stages.
std::vector<std::size_t> greedy_order(const StageLogits& logits, std::span<const std::int32_t> labels,
                                      const ScorerFactory& scorer, std::size_t count);

/// The length of the shortest prefix of the tracks whose accuracy is within `points` percentage points of
/// the best prefix, at most `most` passes.
std::size_t shortest_prefix(const Tracks& tracks, std::span<const std::int32_t> labels, double points,
                            std::size_t most);

/// Weights of stages order[0], order[1], … for the mean of probabilities: those that make the labels most
/// likely (expectation maximisation), as whole units of 1/kWeightUnits, each at least 1.
std::vector<int> learn_weights(const StageLogits& logits, std::span<const std::int32_t> labels,
                               std::span<const std::size_t> order);

/// Stages with the threshold that goes with them.
struct StageChoice {
  std::vector<std::size_t> stages;
  CurvePoint point;
};

/// Of all ascending lists of stages the one that reaches `correct` right answers at the least mean cost on
/// these samples, and its threshold; a list of one stage stops at once. If none does, the last stage alone.
/// `scorer` is the float or packed model's, for any list. Throws Error(kInternal) for more than 8 stages.
StageChoice choose_stages(const StageLogits& logits, std::span<const std::int32_t> labels,
                          std::span<const double> costs, const ScorerFactory& scorer, double correct);

}  // namespace ns::anytime
