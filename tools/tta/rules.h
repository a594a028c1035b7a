// The rules that are compared, and what calibration makes of each.
#pragma once

#include <vector>

#include "ns/anytime/evaluation.h"
#include "ns/anytime/rule_file.h"
#include "ns/anytime/stage_choice.h"
#include "ns/anytime/stage_runner.h"
#include "tta/options.h"
#include "tta/subject.h"

/// A calibrated rule: its stages in order, how they are scored, when to stop; and what it did on validation.
struct CalibratedRule {
  std::string order = "given", thresholds = "one";
  std::vector<std::size_t> pool;  // the stages' places in the list of all stages
  std::vector<ns::anytime::Stage> stages;
  ns::anytime::Scoring scoring;
  ns::anytime::StoppingRule rule;
  std::vector<ns::anytime::CurvePoint> validation_curve;
  ns::anytime::CurvePoint validation;  // mean passes, cost and right answers of the rule there
  std::size_t validation_images = 0;   // 0: not calibrated in this run
  std::size_t validation_plain = 0, validation_static = 0;  // right answers

  std::vector<double> costs() const;
};

/// All stages that the options speak of: views on one subnet, or subnets.
std::vector<ns::anytime::Stage> all_stages(const TtaOptions& options, const Subject& subject,
                                           ns::ImageShape shape);

/// One rule per combination of order, aggregate, confidence and kind of thresholds.
std::vector<CalibratedRule> calibrate_rules(const TtaOptions& options, const Subject& subject,
                                            const std::vector<ns::anytime::Stage>& pool,
                                            const ns::anytime::StageLogits& logits,
                                            std::span<const std::int32_t> labels);

/// A rule that calibration does not need: --threshold, or --rule's file.
CalibratedRule given_rule(const TtaOptions& options, const std::vector<ns::anytime::Stage>& pool);
/// Whether the file's stages are subnets that see the image as it is, and not views.
bool has_subnets(const ns::anytime::RuleFile& file);
/// Its stages' places are those among all subnets, or, of views, among themselves. Throws ns::Error(kInput)
/// naming `origin` for another model's rule and for stages that the model or the images do not have.
CalibratedRule rule_from(const ns::anytime::RuleFile& file, const Subject& subject, ns::ImageShape shape,
                         const std::string& origin);
ns::anytime::RuleFile to_file(const CalibratedRule& rule, const Subject& subject);
