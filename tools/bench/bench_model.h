// One packed model through everything that was asked for, record by record.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/report.h"
#include "common/option_groups.h"
#include "ns/base/atomic_file.h"
#include "ns/data/dataset.h"
#include "ns/deploy/benchmark.h"

struct BenchOptions {
  std::vector<std::string> models, targets{"host"};
  DataOptions data;
  std::size_t images = 0, emulator_images = 200, board_images = 200, verify = 0;  // 0 images: all
  unsigned subnet = 0;                                                            // 0: all
  int threads = 0;
  std::string firmware, device, checkpoint, exclude, progress = "auto";
  Gates gates;
  std::string draw, curves;              // folder, file
  ns::AtomicFile* curve_file = nullptr;  // of `curves`, open
  bool cost_only = false, json = false;
};

/// Calls `emit` for every target and subnet as it is measured. Without a data set only cost and memory are.
void bench_model(const std::string& path, const std::optional<ns::data::Dataset>& dataset,
                 const BenchOptions& options, const std::function<void(ns::deploy::BenchRecord)>& emit);
