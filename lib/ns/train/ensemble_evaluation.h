// What an ensemble's members are worth, alone and together, and what stopping after some of them saves.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ns/anytime/evaluation.h"
#include "ns/anytime/track.h"

namespace ns::train {

struct EnsembleEvaluation {
  std::vector<double> members;  ///< accuracy of each alone
  double mean_logit = 0;        ///< accuracy of the mean of the logits: the merged network's own answer
  double soft_vote = 0;         ///< of the mean of the probabilities
  double hard_vote = 0;         ///< of the most frequent answer
  metrics::Interval interval;   ///< of mean_logit, 95 %
  double disagreement = 0;      ///< share of images on which two members answer differently, mean over pairs
  std::vector<std::size_t> prefix_correct;  ///< right answers of the mean logit of members 1 … k
};

/// The members' class scores on images with these labels.
EnsembleEvaluation evaluate_ensemble(const anytime::StageLogits& logits,
                                     std::span<const std::int32_t> labels);

struct EarlyStop {
  double threshold = 0;         ///< of the confidence, set on the validation images
  anytime::Evaluation whole;    ///< every member asked, test images
  anytime::Evaluation stopped;  ///< those after the confident ones left out
};

/// Asks members in order and stops when the mean logit of those so far is confident enough: the cheapest
/// threshold that keeps all validation answers right that the whole ensemble gets right, less the slack of
/// anytime::calibration_slack; the same threshold on the test images. `costs` of each member, as many as
/// members. Throws Error(kUsage) with fewer validation images than calibration takes.
EarlyStop stop_early(const anytime::StageLogits& validation, std::span<const std::int32_t> validation_labels,
                     const anytime::StageLogits& test, std::span<const std::int32_t> test_labels,
                     anytime::Confidence confidence, std::span<const double> costs);

}  // namespace ns::train
