// What tta-eval says: records, tables, per-sample lines, gates.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tta/experiment.h"

/// Record of schema nestkit.tta/1 (docs/format/results.md).
nlohmann::ordered_json to_json(const TtaOptions& options, const Subject& subject, const CalibratedRule& rule,
                               const TtaResult& result, const ns::data::Dataset& test);

/// One rule: plain, static and adaptive as three rows, the histogram of passes, and with --curve the
/// accuracy–cost curve. Several: one row per rule.
std::string results_text(const TtaOptions& options, const std::vector<CalibratedRule>& rules,
                         const std::vector<TtaResult>& results);

/// One JSON object per test image.
std::string per_sample_lines(const TtaResult& result, std::span<const std::int32_t> labels);

/// What the gates have to say against the result, and whether the board's verdicts are the host's; empty: all
/// passed.
std::vector<std::string> missed_gates(const TtaResult& result, const TtaGates& gates);
