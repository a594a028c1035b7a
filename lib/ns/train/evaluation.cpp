#include "ns/train/evaluation.h"

#include <cmath>
#include <limits>

#include "ns/base/version.h"
#include "ns/checkpoint/profile.h"
#include "ns/nested/gates.h"
#include "ns/train/detector.h"
#include "ns/train/evaluate.h"
#include "ns/train/fit.h"

namespace ns::train {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// `values` are of subnet N … 1; 0 if there are none.
double of_subnet(const std::vector<double>& values, int subnet) {
  return values.empty() ? 0.0 : values[values.size() - static_cast<std::size_t>(subnet)];
}

void judge_detections(nested::Model& model, const data::Dataset& dataset, SubnetEvaluation& result) {
  const std::vector<detect::Detection> found = detections(model, result.subnet, dataset);
  const auto classes = static_cast<int>(dataset.classes.size());
  const auto voc = metrics::mean_average_precision(found, dataset.truths, classes);
  result.accuracy = kNone;
  result.map = voc.mean;
  result.per_class = voc.per_class;
  result.map_voc11 =
      metrics::mean_average_precision(found, dataset.truths, classes, 0.5, metrics::Protocol::kVoc11).mean;
  result.map_coco = metrics::coco_mean_average_precision(found, dataset.truths, classes).mean;
}

}  // namespace

std::vector<SubnetEvaluation> evaluate(const checkpoint::Archive& archive, const data::Dataset& dataset) {
  nested::Model model = nested::model_of(archive);
  require_fits(model.network().graph(), dataset, archive.origin);
  const checkpoint::Profile profile = checkpoint::profile_of(archive);
  const std::vector<double> ratios = nested::gate_ratios_of(model.network().graph());
  std::vector<SubnetEvaluation> results;
  for (int subnet = 1; subnet <= model.subnets(); ++subnet) {
    SubnetEvaluation& result = results.emplace_back();
    result.subnet = subnet;
    result.sparsity = of_subnet(profile.sparsities, subnet);
    result.width = of_subnet(profile.widths, subnet);
    result.gate_ratio = of_subnet(ratios, subnet);
    if (dataset.has_boxes()) {
      judge_detections(model, dataset, result);
    } else {
      result.accuracy = accuracy(model, subnet, dataset);
      result.map = result.map_voc11 = result.map_coco = kNone;
    }
  }
  return results;
}

Json to_json(const SubnetEvaluation& evaluation, const data::Dataset& dataset) {
  Json record = {{"schema", "nestkit.evaluation/1"},
                 {"tool", "ns-train"},
                 {"version", version()},
                 {"dataset", dataset.name},
                 {"data_manifest_sha256", dataset.manifest_sha256},
                 {"images", dataset.size()},
                 {"subnet", evaluation.subnet},
                 {"sparsity", evaluation.sparsity}};
  if (evaluation.width > 0) record["width"] = evaluation.width;
  if (evaluation.gate_ratio > 0) record["gate_ratio"] = evaluation.gate_ratio;
  if (!dataset.has_boxes()) {
    record["accuracy_top1"] = evaluation.accuracy;
    return record;
  }
  record["objects"] = dataset.truths.size();
  record["map"] = evaluation.map;
  record["map_voc11"] = evaluation.map_voc11;
  record["map_coco"] = evaluation.map_coco;
  Json& per_class = record["per_class"] = Json::object();
  for (std::size_t k = 0; k < evaluation.per_class.size(); ++k) {
    const double precision = evaluation.per_class[k];
    per_class[dataset.classes[k]] = std::isnan(precision) ? Json() : Json(precision);
    if (std::isnan(precision)) record["per_class_reason"] = "a class has no objects";
  }
  return record;
}

}  // namespace ns::train
