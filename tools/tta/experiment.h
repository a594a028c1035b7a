// A calibrated rule on test images: plain, static and adaptive side by side.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ns/anytime/evaluation.h"
#include "ns/augment/corruption.h"
#include "ns/data/dataset.h"
#include "tta/emulate.h"
#include "tta/rules.h"

/// Plain: the first stage (for subnets: the sparsest alone). Static: all stages (for subnets: the densest
/// alone).
struct TtaResult {
  std::optional<ns::augment::Corruption> corruption;  // of the test images
  ns::anytime::Evaluation plain, full, adaptive;
  ns::anytime::Outcome full_outcome, adaptive_outcome;
  ns::anytime::Comparison full_over_plain, over_static, over_plain;
  std::vector<ns::anytime::CurvePoint> curve;  // of the test images
  std::optional<EmulatorResult> emulator;
  // Only where the rule was really run, pass by pass; of all images.
  std::optional<ns::anytime::Seconds> plain_seconds, static_seconds, adaptive_seconds;

  double passes_saved() const { return full.mean_passes / adaptive.mean_passes; }
  double cost_saved() const { return full.mean_cost / adaptive.mean_cost; }
};

/// One rule: runs static and adaptive evaluation and takes their times.
TtaResult run_rule(const TtaOptions& options, const Subject& subject, const CalibratedRule& rule,
                   const std::vector<ns::anytime::Stage>& pool, const ns::data::Dataset& test);

/// Several rules: runs every stage of the pool once and computes the rest from the logits.
std::vector<TtaResult> run_rules(const TtaOptions& options, const Subject& subject,
                                 const std::vector<CalibratedRule>& rules,
                                 const std::vector<ns::anytime::Stage>& pool, const ns::data::Dataset& test);

/// Everything that was asked for on one version of the test images: one result per rule.
std::vector<TtaResult> run_all(const TtaOptions& options, const Subject& subject,
                               const std::vector<CalibratedRule>& rules,
                               const std::vector<ns::anytime::Stage>& pool, const ns::data::Dataset& test,
                               const std::optional<ns::augment::Corruption>& corruption);
