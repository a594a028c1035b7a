// What ns-bench shows of a detector besides figures: drawings and precision-recall curves.
#pragma once

#include <span>

#include "bench/bench_model.h"
#include "ns/detect/box.h"

/// --draw: that many test images, spread over those that ran, as <folder>/<model>_subnet<k>_<image>.png.
/// --curves: a record per class. `detections` are those of the record's first `record.images` images. Throws
/// Error(kUsage) if a drawing exists, Error(kEnvironment) if one cannot be written.
void show_detections(const BenchOptions& options, const ns::deploy::BenchRecord& record,
                     const ns::data::Dataset& dataset, std::span<const ns::detect::Detection> detections);
