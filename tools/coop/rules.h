// Stopping rules of partners, calibrated on the validation split, and the choice among them.
#pragma once

#include <string>
#include <vector>

#include "coop/partners.h"
#include "ns/anytime/threshold_calibration.h"

struct CoopRule {
  ns::anytime::Scoring scoring;
  std::string thresholds = "one";
  ns::anytime::StoppingRule rule;
  ns::anytime::CurvePoint validation;  // right answers and mean cost of the rule there
  std::vector<ns::anytime::CurvePoint> validation_curve;
  bool reached = true;  // the target, on validation
};

struct Calibration {
  std::vector<CoopRule> rules;  // one per combination of aggregate, confidence and kind of thresholds
  std::size_t chosen = 0;
  std::size_t images = 0;  // in all views; 0: the rule was given
  std::size_t views = 1;
  std::vector<std::size_t> alone_correct;  // by stage
  std::size_t baseline_correct = 0;
  std::vector<bool> baseline_right;  // by image, view after view, of Partners::baseline() alone
  std::string manifest_sha256;

  const CoopRule& rule() const { return rules[chosen]; }
};

/// The one rule of --threshold, or the best of all for the target. Throws ns::Error(kCheck) if no rule
/// reaches the target on the validation split.
Calibration calibrate(const CoopOptions& options, const Partners& partners);

/// What the scorer of these partners does with a list of all stages.
ns::anytime::ScorerFactory scorer_of(const Partners& partners, const ns::anytime::Scoring& scoring);
std::vector<std::size_t> first_numbers(std::size_t count);
