#include "ns/nested/subnet_masks.h"

namespace ns::nested {

SubnetMasks::SubnetMasks(const LevelMaps& maps) {
  for (const auto& [name, map] : maps) {
    for (int subnet = 1; subnet <= map.subnets(); ++subnet) {
      masks_[name].push_back(map.mask(subnet));
    }
  }
}

void SubnetMasks::select(nn::Network& network, int subnet) const {
  for (const auto& [name, masks] : masks_) {
    network.parameter(name).mask = &masks.at(static_cast<std::size_t>(subnet - 1));
  }
  network.select_bank(subnet - 1);
}

void clear_masks(nn::Network& network) {
  for (nn::Parameter& parameter : network.parameters()) {
    parameter.mask = nullptr;
  }
}

}  // namespace ns::nested
