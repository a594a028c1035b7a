// A detector's network outputs as detections, and how good they are.
#pragma once

#include <vector>

#include "ns/data/dataset.h"
#include "ns/detect/decode.h"
#include "ns/detect/default_boxes.h"
#include "ns/metrics/mean_average_precision.h"
#include "ns/nested/model.h"

namespace ns::train {

/// The default boxes of a graph with a detection head, in the order of its outputs' cells.
std::vector<detect::Box> default_boxes_of(const nn::Graph& graph);

/// The outputs of a detector for image i of a batch, all scales one after the other: scores
/// [boxes, classes + 1] and codes [boxes, 4].
struct HeadOutputs {
  std::vector<float> scores, codes;
};
HeadOutputs head_outputs(const nn::Network& network, std::int64_t image);

/// What subnet k (float, running batch-norm statistics) finds in every image of the set. The model is a
/// detector of its classes and shape.
std::vector<detect::Detection> detections(nested::Model& model, int subnet, const data::Dataset& dataset,
                                          const detect::DecodeOptions& options = {});

/// Mean average precision of subnet k at an IoU of 0.5, Pascal VOC's since 2010; 0…1.
double mean_average_precision(nested::Model& model, int subnet, const data::Dataset& dataset);

}  // namespace ns::train
