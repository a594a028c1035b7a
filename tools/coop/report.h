// What coop-eval says: record, tables, per-sample lines, gates.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "coop/evaluate.h"

/// Record of schema nestkit.coop/1 (docs/format/results.md).
nlohmann::ordered_json to_json(const CoopOptions& options, const Partners& partners,
                               const Calibration& calibration, const CoopResult& result,
                               const ns::data::Dataset& test);

std::string result_text(const CoopOptions& options, const Partners& partners, const Calibration& calibration,
                        const CoopResult& result);

/// One JSON object per test image.
std::string per_sample_lines(const CoopResult& result, std::span<const std::int32_t> labels);

/// What the gates have to say, and whether the board's verdicts are the host's; empty: all passed.
std::vector<std::string> missed_gates(const CoopOptions& options, const Partners& partners,
                                      const CoopResult& result);
