// What a packed network costs in flash, layer by layer, and against the alternatives.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ns/pack/nsm_writer.h"
#include "ns/quant/lowering.h"

namespace ns::pack {

/// Bytes of one layer's weights.
struct LayerStorage {
  std::string layer, encoding;
  std::size_t weights = 0;       ///< of the layer, pruned ones included
  std::size_t kept = 0;          ///< that some subnet uses, before quantisation
  std::size_t dense_bytes = 0;   ///< if all were stored
  std::size_t packed_bytes = 0;  ///< = value + index + counter bytes
  std::size_t value_bytes = 0, index_bytes = 0, counter_bytes = 0;
  double bound_bytes = 0;       ///< entropy_bound() of nested encodings, what is stored of dense ones
  std::size_t table_bytes = 0;  ///< requantisation, all subnets
};

/// Bytes of the requantisation tables of one subnet.
std::size_t table_bytes(const quant::LoweredGraph& graph);

struct StorageReport {
  std::vector<LayerStorage> layers;  ///< those with weights
  std::size_t file_bytes = 0;
  std::size_t dense_file_bytes = 0;  ///< the same network, one subnet, nothing pruned
  std::vector<std::size_t>
      stand_alone_file_bytes;  ///< by subnet: a file with this subnet only, best encoding per layer
  std::size_t slimmable_bytes =
      0;  ///< widest of a slimmable network: this file and the others' tables; else 0
  std::uint32_t arena_bytes = 0, arena_lower_bound_bytes = 0;
  double fast_share = 1;      ///< MemoryPlan::fast_share
  std::string fullest_layer;  ///< during which the lower bound is alive

  std::size_t all_stand_alone_bytes() const;
};

/// `description` is what `packed` was made from, its only network. The rivals, a file with one subnet and the
/// dense one, are packed for the least flash.
StorageReport storage_report(const NetworkDescription& description, const Provenance& provenance,
                             const PackedModel& packed);

}  // namespace ns::pack
