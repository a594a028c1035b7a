#include "anytime/json.h"

using namespace ns::anytime;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t kCurvePoints = 40;

}  // namespace

Json evaluation_json(const Evaluation& e) {
  return {{"correct", e.correct},           {"accuracy_top1", e.accuracy()},
          {"accuracy_low", e.interval.low}, {"accuracy_high", e.interval.high},
          {"mean_passes", e.mean_passes},   {"median_passes", e.median_passes},
          {"worst_passes", e.worst_passes}, {"passes_histogram", e.histogram},
          {"mean_cost", e.mean_cost},       {"calibration_error", e.calibration_error}};
}

Json evaluation_json(const Evaluation& e, const std::optional<Seconds>& seconds) {
  Json json = evaluation_json(e);
  if (seconds) {
    json["seconds"] = seconds->wall;
    json["cpu_seconds"] = seconds->cpu;
  } else {
    json["seconds"] = nullptr;
    json["seconds_reason"] = "several rules are computed from the same logits";
  }
  return json;
}

Json comparison_json(const Comparison& c) {
  return {{"points", c.points},
          {"points_low", c.low},
          {"points_high", c.high},
          {"became_right", c.became_right},
          {"became_wrong", c.became_wrong}};
}

Json sample_json(std::size_t image, std::int32_t label, const Outcome& outcome) {
  const Verdict& verdict = outcome.verdicts[image];
  return {{"image", image},           {"label", label},
          {"answer", verdict.answer}, {"passes", outcome.passes[image]},
          {"score", verdict.score},   {"probability", verdict.probability}};
}

Json curve_json(const std::vector<CurvePoint>& curve, std::size_t images) {
  Json points = Json::array();
  for (const CurvePoint& point : thinned(curve, kCurvePoints)) {
    points.push_back({{"threshold", point.threshold},
                      {"mean_passes", point.mean_passes},
                      {"mean_cost", point.mean_cost},
                      {"accuracy_top1", static_cast<double>(point.correct) / static_cast<double>(images)}});
  }
  return points;
}
