// What tta-eval and coop-eval are both asked for.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "common/option_groups.h"

struct AnytimeOptions {
  DataOptions data;
  std::size_t images = 0, calibration_images = 5000;  // 0 test images: all
  std::optional<double> threshold;
  std::vector<std::string> targets{"host"};
  std::size_t emulator_images = 200;  // 0: all
  std::string firmware, per_sample, progress = "auto";
  int threads = 0;
  bool curve = false, json = false;

  bool emulated() const { return std::find(targets.begin(), targets.end(), "emulator") != targets.end(); }
};

/// --data, --data-dir, --images
void add_image_options(CLI::App& app, AnytimeOptions& options);
/// --calibration-images, --threshold, --curve
void add_calibration_options(CLI::App& app, AnytimeOptions& options);
/// --target, --emulator-images, --firmware, --per-sample, --threads, --progress, --json
void add_run_options(CLI::App& app, AnytimeOptions& options);

/// Throws ns::Error(kUsage) for words that are no aggregates or confidences, and for an emulator
/// without a host.
void check(const AnytimeOptions& options, const std::vector<std::string>& aggregates,
           const std::vector<std::string>& confidences);
