// What tta-eval was asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "anytime/options.h"

struct TtaGates {
  std::optional<double> min_accuracy, min_passes_saved, max_loss;
};

struct TtaOptions : AnytimeOptions {
  std::string model;
  int subnet = 0;  // 0: the densest

  std::string stages = "views", policy = "ten_crop";
  std::vector<int> levels;  // with stages = subnets; none: chosen on validation
  // Every combination is one rule.
  std::vector<std::string> orders{"given"}, confidences{"max_probability"}, thresholds{"one"};
  std::vector<std::string>
      aggregates;  // none: "mean" of views, of subnets "replace", for later ones know better
  std::size_t min_passes = 1, max_passes = 0;  // 0: the shortest prefix that is as good as any

  std::optional<double> keep_gain, mean_passes;
  std::string rule, save_rule;
  bool overwrite = false;

  std::vector<std::string> corruptions, calibration_corruptions;
  std::uint64_t seed = 1;
  TtaGates gates;
};
