// When masks are recomputed, and how much of the final sparsity is asked for by then.
#pragma once

#include <cstdint>
#include <vector>

namespace ns::nested {

/// Gradual pruning from step `start` (first masks) to step `end` (final masks), recomputed every `every`
/// steps: the cubic schedule of Zhu and Gupta (arXiv 1710.01878, eq. 1) with initial sparsity 0. start == end
/// prunes at once. The final masks are frozen after `end`.
class PruningSchedule {
 public:
  /// Throws Error(kUsage) unless 0 ≤ start ≤ end and every ≥ 1.
  PruningSchedule(std::int64_t start, std::int64_t end, std::int64_t every);

  /// Masks are to be recomputed before this optimiser step.
  bool updates_at(std::int64_t step) const;
  /// The subnets are trained with masks at this step.
  bool started(std::int64_t step) const { return step >= start_; }
  /// Masks may still change after this step, so pruned weights must go on learning to be able to come back.
  bool under_way(std::int64_t step) const { return step >= start_ && step < end_; }
  /// The masks of this step are the final ones.
  bool ended(std::int64_t step) const { return step >= end_; }
  /// Fraction 1 − (1 − t)³ of the final sparsities at the update of this step; 1 from `end` on.
  double fraction(std::int64_t step) const;

 private:
  std::int64_t start_, end_, every_;
};

}  // namespace ns::nested
