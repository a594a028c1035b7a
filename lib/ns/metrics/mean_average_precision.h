// How well a detector finds objects: precision-recall curves and their mean average precision.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/detect/box.h"

namespace ns::metrics {

/// What counts as found, and how the curve is averaged. Detections are taken by falling score.
enum class Protocol {
  kVoc11,  ///< Pascal VOC up to 2009 (Everingham et al., 2010): mean precision at recall 0, 0.1, … 1
  kVoc,    ///< Pascal VOC since 2010: the area under the monotone envelope of the curve
  kCoco  ///< COCO (Lin et al., 2014): mean precision at recall 0, 0.01, … 1; at most 100 detections per image
         ///< and class
};

/// One class: after every detection (difficult objects found left out), what share of them so far is right
/// and what share of the objects is found.
struct PrecisionRecall {
  std::vector<float> scores;              ///< falling
  std::vector<double> precision, recall;  ///< one per score, 0…1
  std::int64_t objects = 0;               ///< that are to be found, difficult ones left out
};

/// Of the class `label`. A detection is right if its IoU with an object of its image and class is at least
/// `iou_threshold` and the object is not yet taken. VOC tries only the object it overlaps most; COCO the one
/// among those not yet taken, ordinary ones before difficult ones. Equal scores stay in their given order.
PrecisionRecall precision_recall(int label, std::span<const detect::Detection> detections,
                                 std::span<const detect::Truth> truths, double iou_threshold,
                                 Protocol protocol);

/// 0…1; NaN if there is nothing to find.
double average_precision(const PrecisionRecall& curve, Protocol protocol);

struct MeanAveragePrecision {
  double mean = 0;                ///< over the classes that have objects; NaN if none has
  std::vector<double> per_class;  ///< NaN for a class without objects
};

/// Of `classes` classes at one IoU threshold, 0…1.
MeanAveragePrecision mean_average_precision(std::span<const detect::Detection> detections,
                                            std::span<const detect::Truth> truths, int classes,
                                            double iou_threshold = 0.5, Protocol protocol = Protocol::kVoc);

/// COCO's main figure: the mean over the IoU thresholds 0.50, 0.55, … 0.95.
MeanAveragePrecision coco_mean_average_precision(std::span<const detect::Detection> detections,
                                                 std::span<const detect::Truth> truths, int classes);

}  // namespace ns::metrics
