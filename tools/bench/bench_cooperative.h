// A cooperative model as a whole: its own rule decides which networks an image needs.
#pragma once

#include "bench/bench_model.h"

/// Calls `emit` for every target as it is measured. Throws ns::Error(kUsage) for what only single subnets
/// have:
/// --subnet, --checkpoint, and the target board.
void bench_cooperative(const ns::deploy::PackedModel& model, const std::optional<ns::data::Dataset>& dataset,
                       const BenchOptions& options, const std::function<void(ns::deploy::BenchRecord)>& emit);
