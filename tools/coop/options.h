// What coop-eval was asked for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "anytime/options.h"

struct CoopGates {
  std::optional<double> min_test_accuracy, min_cost_saved, max_loss;
  std::optional<std::uint64_t> max_flash, max_ram;
};

struct CoopOptions : AnytimeOptions {
  std::vector<std::string> models, beside;  // MODEL or MODEL:SUBNET
  // Every combination is calibrated; the best on the validation split is chosen.
  std::vector<std::string> aggregates{"replace", "mean", "weighted"},
      confidences{"max_probability", "margin"}, thresholds{"one"};
  std::vector<std::string> calibration_views{"identity"};
  bool break_even = false, best_accuracy = false;
  double margin = 0;           // percentage points that break-even adds
  double standard_errors = 0;  // of the difference to the last model, which break-even adds too
  std::optional<double> min_accuracy, max_mean_cost;
  OutputOptions output;
  std::string sample_weights;
  CoopGates gates;

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
