// A float checkpoint as a classifier of images.
#pragma once

#include <string>

#include "ns/anytime/classifier.h"
#include "ns/data/dataset.h"
#include "ns/nested/model.h"

namespace ns::train {

class FloatClassifier : public anytime::Classifier {
 public:
  /// Throws Error(kInput) if the file is no checkpoint, or one for other images or classes than the data
  /// set's.
  FloatClassifier(const std::string& checkpoint, const data::Dataset& dataset);

  std::size_t classes() const override { return classes_; }
  int subnets() const override { return model_.subnets(); }
  double macs(int subnet) const override;
  std::size_t batch() const override { return 250; }
  void run(int subnet, std::span<const std::uint8_t> images, std::span<float> logits) override;

  /// How many of the last training images the recipe held out from training; −1 if the checkpoint does not
  /// say.
  int held_out() const { return held_out_; }

 private:
  FloatClassifier(const checkpoint::Archive& archive, const data::Dataset& dataset);

  nested::Model model_;
  data::Normalisation normalisation_;
  std::size_t classes_ = 0;
  int held_out_ = -1;
};

}  // namespace ns::train
