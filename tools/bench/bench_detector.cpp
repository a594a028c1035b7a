#include "bench/bench_detector.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "ns/base/atomic_file.h"
#include "ns/metrics/mean_average_precision.h"
#include "ns/report/picture.h"

using ns::deploy::BenchRecord;
using ns::detect::Detection;
using ns::report::Colour;

namespace {

constexpr std::size_t kDrawings = 8;
constexpr float kLeastDrawnScore = 0.3f;
constexpr int kLeastExtent = 480;
constexpr Colour kWhite{255, 255, 255}, kBlack{0, 0, 0};
constexpr Colour kColours[] = {{230, 60, 50},  {70, 190, 90},  {70, 130, 240}, {250, 190, 40},
                               {200, 90, 220}, {60, 210, 210}, {250, 130, 40}, {160, 220, 60}};

const Colour& colour_of(const Detection& found) {
  return kColours[static_cast<std::size_t>(found.label) % std::size(kColours)];
}

void draw(const BenchOptions& o, const BenchRecord& record, const ns::data::Dataset& dataset,
          std::span<const Detection> detections) {
  const std::string prefix = o.draw + "/" + std::filesystem::path(record.model).stem().string() + "_subnet" +
                             std::to_string(record.subnet) + "_";
  const std::size_t count = std::min(kDrawings, record.images);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = record.images * i / count;
    ns::report::Picture picture(dataset.image(index), dataset.shape, kLeastExtent);
    for (const auto& truth : dataset.truths_of(index)) picture.outline(truth.box, 1, kWhite, kBlack);
    // All frames first, then from the least score on the numbers, so that no line crosses the best ones.
    std::vector<const Detection*> drawn;
    for (const Detection& found : detections)
      if (found.image == static_cast<int>(index) && found.score >= kLeastDrawnScore) drawn.push_back(&found);
    for (const Detection* found : drawn) picture.outline(found->box, 2, colour_of(*found), kBlack);
    std::sort(drawn.begin(), drawn.end(), [](const auto* a, const auto* b) { return a->score < b->score; });
    for (const Detection* found : drawn)
      picture.number(found->box, static_cast<int>(std::lround(100 * found->score)), colour_of(*found));
    ns::AtomicFile file(prefix + std::to_string(index) + ".png", ns::Overwrite::kNo);
    file.write(picture.png());
    file.commit();
  }
}

/// The points where recall rises: no others shape the curve.
nlohmann::ordered_json curve_json(const BenchRecord& record, const std::string& name,
                                  const ns::metrics::PrecisionRecall& curve) {
  auto precision = nlohmann::ordered_json::array(), recall = precision, scores = precision;
  for (std::size_t i = 0; i < curve.recall.size(); ++i) {
    if (i > 0 && !(curve.recall[i] > curve.recall[i - 1])) continue;
    precision.push_back(curve.precision[i]);
    recall.push_back(curve.recall[i]);
    scores.push_back(curve.scores[i]);
  }
  return {{"schema", "nestkit.precision_recall/1"},
          {"model", record.model},
          {"artifact_sha256", record.artifact_sha256},
          {"network", record.network},
          {"subnet", record.subnet},
          {"sparsity", record.sparsity},
          {"data_manifest_sha256", record.data_manifest_sha256},
          {"images", record.images},
          {"class", name},
          {"objects", curve.objects},
          {"scores", scores},
          {"precision", precision},
          {"recall", recall}};
}

}  // namespace

void show_detections(const BenchOptions& o, const BenchRecord& record, const ns::data::Dataset& dataset,
                     std::span<const Detection> detections) {
  if (!o.draw.empty()) draw(o, record, dataset, detections);
  if (o.curve_file == nullptr) return;
  std::vector<ns::detect::Truth> truths;
  for (const auto& truth : dataset.truths)
    if (truth.image < static_cast<int>(record.images)) truths.push_back(truth);
  for (std::size_t label = 0; label < dataset.classes.size(); ++label) {
    const auto curve = ns::metrics::precision_recall(static_cast<int>(label), detections, truths, 0.5,
                                                     ns::metrics::Protocol::kVoc);
    o.curve_file->write(curve_json(record, dataset.classes[label], curve).dump() + "\n");
  }
}
