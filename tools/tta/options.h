// What tta-eval was asked for.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "common/option_groups.h"

struct TtaGates {
  std::optional<double> min_accuracy, min_passes_saved, max_loss;
};

struct TtaOptions {
  std::string model;
  DataOptions data;
  std::size_t images = 0, calibration_images = 5000;  // 0 test images: all
  int subnet = 0;                                     // 0: the densest

  std::string stages = "views", policy = "ten_crop";
  std::vector<int> levels;  // with stages = subnets; none: chosen on validation
  // Every combination is one rule.
  std::vector<std::string> orders{"given"}, aggregates{"mean"}, confidences{"max_probability"},
      thresholds{"one"};
  std::size_t min_passes = 1, max_passes = 0;  // 0: the shortest prefix that is as good as any

  std::optional<double> keep_gain, mean_passes, threshold;
  bool curve = false;
  std::string rule, save_rule;
  bool overwrite = false;

  std::vector<std::string> targets{"host"};
  std::size_t emulator_images = 200;  // 0: all
  std::string firmware;

  std::vector<std::string> corruptions, calibration_corruptions;
  std::uint64_t seed = 1;
  std::string per_sample;
  int threads = 0;
  std::string progress = "auto";
  TtaGates gates;
  bool json = false;

  bool emulated() const { return std::find(targets.begin(), targets.end(), "emulator") != targets.end(); }
};
