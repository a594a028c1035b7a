// How good a finished checkpoint is on images that it has not seen.
#pragma once

#include <string>
#include <vector>

#include "ns/base/json.h"
#include "ns/checkpoint/safetensors.h"
#include "ns/data/dataset.h"

namespace ns::train {

/// One subnet's figures, 0…1. A classifier has an accuracy, a detector the others; NaN is what it has not.
struct SubnetEvaluation {
  int subnet = 1;
  double sparsity = 0;    ///< 0 for a dense network
  double width = 0;       ///< of a slimmable network, else 0
  double gate_ratio = 0;  ///< of a gated network, else 0
  double accuracy = 0;
  double map = 0, map_voc11 = 0;  ///< at an IoU of 0.5: Pascal VOC since 2010, and before
  double map_coco = 0;            ///< mean over IoUs of 0.50 to 0.95
  std::vector<double> per_class;  ///< of `map`; NaN for a class without objects
};

/// All subnets of the checkpoint's network, subnet 1 first. Throws Error(kInput) naming the file if it is no
/// checkpoint, or one of other images, classes or task than the data set.
std::vector<SubnetEvaluation> evaluate(const checkpoint::Archive& archive, const data::Dataset& dataset);

/// A record of schema nestkit.evaluation/1.
Json to_json(const SubnetEvaluation& evaluation, const data::Dataset& dataset);

}  // namespace ns::train
