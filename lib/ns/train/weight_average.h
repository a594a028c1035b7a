// The running average of a network's weights, which is steadier than the weights (Polyak and Juditsky, 1992;
// Tarvainen and Valpola, "Mean teachers are better role models", 2017).
#pragma once

#include <cstdint>
#include <vector>

#include "ns/nn/network.h"

namespace ns::train {

/// average ← d·average + (1 − d)·value for every parameter and batch-norm statistic, after every step; d =
/// min( decay, (1 + t)/(10 + t)) at step t of the average, so that what it began with is soon forgotten.
class WeightAverage {
 public:
  /// `decay` is in (0, 1), or 0: there is no average and the calls below do nothing. The network must outlive
  /// it.
  WeightAverage(nn::Network& network, double decay);

  bool on() const { return decay_ > 0; }
  /// Forgets everything: for when the network becomes another, as by a change of the masks.
  void restart() { steps = 0; }
  void update();
  /// The network's values and the average change places, if there is an average yet.
  void swap();

  /// Averages, named as the network's arrays and in their order. Restore by assigning to their values.
  std::vector<nn::Buffer>& state() { return averages_; }
  const std::vector<nn::Buffer>& state() const { return averages_; }
  std::int64_t steps = 0;  ///< that the average has seen, which restoring must set too

 private:
  std::vector<Tensor*> values_;
  std::vector<nn::Buffer> averages_;
  double decay_;
};

}  // namespace ns::train
