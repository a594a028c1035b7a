#include "anytime/validation.h"

#include "ns/anytime/threshold_calibration.h"
#include "ns/base/error.h"
#include "ns/data/catalog.h"
#include "ns/data/split.h"

ns::data::Dataset validation_split(const DataOptions& data, std::size_t images, int held_out,
                                   const std::string& model) {
  if (held_out >= 0 && images > static_cast<std::size_t>(held_out)) {
    throw ns::usage_error("--calibration-images " + std::to_string(images) + ": " + model +
                          " held only the last " + std::to_string(held_out) +
                          " training images out of its training");
  }
  ns::anytime::require_calibration_samples(images);
  return ns::data::hold_out_last(ns::data::load_dataset(data.data, data.data_dir, ns::data::Part::kTrain),
                                 images)
      .validation;
}
