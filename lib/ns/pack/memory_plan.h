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
  double fast_share = 1;  ///< of the estimated accesses, that go to the arena's first FastRam::bytes
};

/// A memory that holds the arena's first bytes and is faster than what holds the others, such as a DTCM.
struct FastRam {
  std::uint32_t bytes = 0;  ///< 0: there is none
  std::vector<double>
      scratch_accesses;  ///< by operator: bytes that its kernel reads and writes in its scratch
};

/// Greedy first fit in several orders, with and without additions in place; the smallest result wins.
/// `scratch_bytes` is what the kernel of each operator needs besides its tensors. Where the smallest arena
/// exceeds `fast`, nothing lies across its end, and of the plans within 5 % of the lower bound the one wins
/// that leaves the fewest accesses beyond: a tensor is accessed once by the operator that writes it and once
/// by each that reads it.
MemoryPlan plan_memory(const quant::QuantisedNetwork& network,
                       const std::vector<std::uint32_t>& scratch_bytes, const FastRam& fast = {});

/// Bytes of a tensor's elements.
std::uint32_t tensor_bytes(const quant::QuantisedTensor& tensor);

}  // namespace ns::pack
