// Puts a network into the state of one of its subnets.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ns/nested/level_map.h"
#include "ns/nn/network.h"

namespace ns::nested {

/// The masks of every subnet, kept in memory. Must outlive the selection: the network points into it.
class SubnetMasks {
 public:
  SubnetMasks() = default;
  explicit SubnetMasks(const LevelMaps& maps);
  SubnetMasks(SubnetMasks&&) = default;
  SubnetMasks& operator=(SubnetMasks&&) = default;

  /// Weights masked and batch-norm bank k − 1 selected. Throws Error(kInternal) if a parameter is missing.
  void select(nn::Network& network, int subnet) const;

 private:
  std::map<std::string, std::vector<Tensor>> masks_;  // by parameter; [k − 1] is subnet k's
};

/// Clears every mask of the network.
void clear_masks(nn::Network& network);

}  // namespace ns::nested
