// A packed model on this computer as a classifier of images.
#pragma once

#include "ns/anytime/classifier.h"
#include "ns/data/dataset.h"
#include "ns/deploy/host_engine.h"

namespace ns::deploy {

/// Logits are the model's int16 ones in units of 1/256, as floats without rounding.
class PackedClassifier : public anytime::Classifier {
 public:
  /// One network of a model, which must outlive the classifier. threads = 0: one per core. Throws
  /// Error(kInput) if the data set's images, classes or normalisation are not the network's.
  PackedClassifier(const PackedModel& model, const data::Dataset& dataset, unsigned threads = 0,
                   unsigned network = 0);

  std::size_t classes() const override { return classes_; }
  int subnets() const override { return static_cast<int>(macs_.size()); }
  double macs(int subnet) const override { return macs_.at(static_cast<std::size_t>(subnet) - 1); }
  std::size_t batch() const override { return 1000; }
  void run(int subnet, std::span<const std::uint8_t> images, std::span<float> logits) override;

 private:
  HostEngine engine_;
  unsigned network_;
  std::size_t classes_;
  std::vector<double> macs_;
};

}  // namespace ns::deploy
