// What coop-eval was asked for.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "common/option_groups.h"

struct CoopGates {
  std::optional<double> min_test_accuracy, min_cost_saved, max_loss;
  std::optional<std::uint64_t> max_flash, max_ram;
};

struct CoopOptions {
  std::vector<std::string> models, beside;  // MODEL or MODEL:SUBNET
  DataOptions data;
  std::size_t images = 0, calibration_images = 5000;  // 0 test images: all
  // Every combination is calibrated; the best on the validation split is chosen.
  std::vector<std::string> aggregates{"replace", "mean", "weighted"},
      confidences{"max_probability", "margin"}, thresholds{"one"};
  bool break_even = false, best_accuracy = false;
  double margin = 0;           // percentage points that break-even adds
  double standard_errors = 0;  // of the difference to the last model, which break-even adds too
  std::optional<double> min_accuracy, max_mean_cost, threshold;
  OutputOptions output;
  std::string per_sample, sample_weights;
  std::vector<std::string> targets{"host"};
  std::size_t emulator_images = 200;  // 0: all
  std::string firmware, progress = "auto";
  int threads = 0;
  bool curve = false, json = false;
  CoopGates gates;

  bool emulated() const { return std::find(targets.begin(), targets.end(), "emulator") != targets.end(); }
  std::string target() const {
    if (threshold) return "threshold";
    if (best_accuracy) return "best-accuracy";
    if (min_accuracy) return "min-accuracy";
    return max_mean_cost ? "max-mean-cost" : "break-even";
  }
};

void declare(CLI::App& app, CoopOptions& options);

/// Combinations that make no sense are ns::Error(kUsage); unknown words too, before any work.
void check(const CoopOptions& options);
