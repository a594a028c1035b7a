// What the records of tta-eval and coop-eval have in common (docs/format/results.md).
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "ns/anytime/evaluation.h"
#include "ns/anytime/stage_runner.h"
#include "ns/anytime/threshold_calibration.h"
#include "ns/anytime/track.h"

/// Without the time that it took.
nlohmann::ordered_json evaluation_json(const ns::anytime::Evaluation& evaluation);
nlohmann::ordered_json evaluation_json(const ns::anytime::Evaluation& evaluation,
                                       const std::optional<ns::anytime::Seconds>& seconds);
nlohmann::ordered_json comparison_json(const ns::anytime::Comparison& comparison);
/// Of --per-sample: the image, its label, and what was answered after how many passes.
nlohmann::ordered_json sample_json(std::size_t image, std::int32_t label,
                                   const ns::anytime::Outcome& outcome);
/// At most 40 points.
nlohmann::ordered_json curve_json(const std::vector<ns::anytime::CurvePoint>& curve, std::size_t images);
