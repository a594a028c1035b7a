// Where every tensor and every kernel's scratch lives in the arena, decided once, by lifetimes.
#pragma once

#include <cstdint>
#include <vector>

#include "ns/quant/quantised_network.h"

namespace ns::pack {

struct MemoryPlan {
  std::vector<std::uint32_t> tensor_offsets;   ///< multiples of 16
  std::vector<std::uint32_t> scratch_offsets;  ///< by operator, multiples of 16; 0 where nothing is needed
  std::uint32_t arena_bytes = 0;               ///< a multiple of 16
  std::uint32_t lower_bound_bytes = 0;  ///< the most that is alive during one operator: no plan is smaller
  int fullest_operator = 0;             ///< that operator
};

/// Greedy first fit in several orders, with and without additions in place; the smallest result wins.
/// `scratch_bytes` is what the kernel of each operator needs besides its tensors.
MemoryPlan plan_memory(const quant::QuantisedNetwork& network,
                       const std::vector<std::uint32_t>& scratch_bytes);

/// Bytes of a tensor's elements.
std::uint32_t tensor_bytes(const quant::QuantisedTensor& tensor);

}  // namespace ns::pack
