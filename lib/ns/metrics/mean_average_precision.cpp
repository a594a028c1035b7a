#include "ns/metrics/mean_average_precision.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace ns::metrics {
namespace {

using detect::Detection;
using detect::Truth;

struct Object {
  const Truth* truth;
  bool taken = false;
};
using ObjectsOfImage = std::map<int, std::vector<Object>>;

constexpr std::size_t kCocoDetections = 100;  // of an image and class, as pycocotools counts

std::vector<Detection> by_score(int label, std::span<const Detection> detections, bool coco) {
  std::vector<Detection> own;
  std::ranges::copy_if(detections, std::back_inserter(own),
                       [&](const Detection& d) { return d.label == label; });
  std::ranges::stable_sort(own, std::ranges::greater{}, &Detection::score);
  if (coco) {
    std::map<int, std::size_t> seen;
    std::erase_if(own, [&](const Detection& d) { return ++seen[d.image] > kCocoDetections; });
  }
  return own;
}

// The object that a detection stands for; null if it overlaps none enough.
Object* object_of(const Detection& detection, std::vector<Object>& objects, double threshold, bool coco) {
  threshold -= 1e-6;  // an overlap that equals a decimal threshold may be a rounding below it
  Object* best = nullptr;
  double best_overlap = 0;
  for (Object& object : objects) {
    // A difficult object may be found again and again: that is no mistake.
    if (coco && object.taken && !object.truth->difficult) continue;
    const double overlap = static_cast<double>(detect::iou(detection.box, object.truth->box));
    if (coco && overlap < threshold) continue;
    const bool ordinary_first = coco && best != nullptr && best->truth->difficult != object.truth->difficult;
    const bool better = best == nullptr || (ordinary_first ? best->truth->difficult : overlap > best_overlap);
    if (better) {
      best = &object;
      best_overlap = overlap;
    }
  }
  return best != nullptr && best_overlap >= threshold ? best : nullptr;
}

double mean_at(const PrecisionRecall& curve, const std::vector<double>& envelope, int steps) {
  double sum = 0;
  for (int i = 0; i <= steps; ++i) {
    const double wanted = static_cast<double>(i) / steps;
    const auto reached = std::ranges::lower_bound(curve.recall, wanted - 1e-12);
    if (reached != curve.recall.end()) {
      sum += envelope[static_cast<std::size_t>(reached - curve.recall.begin())];
    }
  }
  return sum / (steps + 1);
}

double mean_of_numbers(const std::vector<double>& values) {
  double sum = 0;
  int count = 0;
  for (const double value : values) {
    if (!std::isnan(value)) {
      sum += value;
      ++count;
    }
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

PrecisionRecall precision_recall(int label, std::span<const Detection> detections,
                                 std::span<const Truth> truths, double iou_threshold, Protocol protocol) {
  const bool coco = protocol == Protocol::kCoco;
  PrecisionRecall curve;
  ObjectsOfImage objects;
  for (const Truth& truth : truths) {
    if (truth.label == label) {
      objects[truth.image].push_back({&truth});
      curve.objects += truth.difficult ? 0 : 1;
    }
  }
  std::int64_t right = 0, wrong = 0;
  for (const Detection& detection : by_score(label, detections, coco)) {
    const auto found = objects.find(detection.image);
    Object* object =
        found == objects.end() ? nullptr : object_of(detection, found->second, iou_threshold, coco);
    if (object != nullptr && object->truth->difficult) {
      continue;
    }
    if (object != nullptr && !object->taken) {
      object->taken = true;
      ++right;
    } else {
      ++wrong;
    }
    curve.scores.push_back(detection.score);
    curve.precision.push_back(static_cast<double>(right) / static_cast<double>(right + wrong));
    curve.recall.push_back(curve.objects > 0 ? static_cast<double>(right) / static_cast<double>(curve.objects)
                                             : 0.0);
  }
  return curve;
}

double average_precision(const PrecisionRecall& curve, Protocol protocol) {
  if (curve.objects == 0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  std::vector<double> envelope = curve.precision;  // the best precision at this recall or a higher one
  for (std::size_t i = envelope.size(); i-- > 1;) {
    envelope[i - 1] = std::max(envelope[i - 1], envelope[i]);
  }
  if (protocol != Protocol::kVoc) {
    return mean_at(curve, envelope, protocol == Protocol::kVoc11 ? 10 : 100);
  }
  double area = 0, before = 0;
  for (std::size_t i = 0; i < envelope.size(); ++i) {
    area += (curve.recall[i] - before) * envelope[i];
    before = curve.recall[i];
  }
  return area;
}

MeanAveragePrecision mean_average_precision(std::span<const Detection> detections,
                                            std::span<const Truth> truths, int classes, double iou_threshold,
                                            Protocol protocol) {
  MeanAveragePrecision result;
  for (int label = 0; label < classes; ++label) {
    result.per_class.push_back(
        average_precision(precision_recall(label, detections, truths, iou_threshold, protocol), protocol));
  }
  result.mean = mean_of_numbers(result.per_class);
  return result;
}

MeanAveragePrecision coco_mean_average_precision(std::span<const Detection> detections,
                                                 std::span<const Truth> truths, int classes) {
  constexpr int kThresholds = 10;
  MeanAveragePrecision result;
  result.per_class.assign(static_cast<std::size_t>(classes), 0.0);
  for (int i = 0; i < kThresholds; ++i) {
    const MeanAveragePrecision one =
        mean_average_precision(detections, truths, classes, (50 + 5 * i) / 100.0, Protocol::kCoco);
    for (std::size_t k = 0; k < one.per_class.size(); ++k) {
      result.per_class[k] += one.per_class[k] / kThresholds;
    }
  }
  result.mean = mean_of_numbers(result.per_class);
  return result;
}

}  // namespace ns::metrics
