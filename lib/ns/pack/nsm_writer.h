// Packed models: from integer networks to the bytes of docs/format/nsm.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ns/base/json.h"
#include "ns/pack/encoding.h"
#include "ns/pack/memory_plan.h"
#include "ns/quant/quantised_network.h"

namespace ns::pack {

/// One network of a packed model and what the file says about it.
struct NetworkDescription {
  std::string name;
  std::vector<std::string> classes;  ///< names, may be empty
  std::vector<double> sparsities;    ///< requested, by subnet; 0 for a dense network
  quant::QuantisedNetwork network;
  std::vector<std::int8_t>
      test_input;  ///< planar; its outputs are computed here and stored as the file's self-test
};

/// Where the model comes from.
struct Provenance {
  std::vector<std::string> parents;  ///< SHA-256 of the checkpoints
  std::uint64_t seed = 0;
  std::string data_manifest_sha256;  ///< of what the network was trained on
  Json config;                       ///< of the training
  Json packing;                      ///< effective options of the packing
};

/// What packing decided for one network.
struct NetworkLayout {
  std::vector<EncodedWeights> weights;  ///< by operator
  std::vector<std::uint32_t> scratch_bytes;
  MemoryPlan plan;
};

struct PackedModel {
  std::vector<std::uint8_t> bytes;
  std::vector<NetworkLayout> layouts;
};

/// Equal descriptions give equal bytes. The runtime's reader has accepted the result and its self-test has
/// passed. Throws Error(kInput) naming the layer for what the format cannot hold, Error(kInternal) if the
/// reader refuses the result. `fast_ram_bytes`: of a memory for the arena's beginning (memory_plan.h).
PackedModel pack_model(const std::vector<NetworkDescription>& networks, const Provenance& provenance,
                       Objective objective = Objective::kBalanced, std::uint32_t fast_ram_bytes = 0);

/// Length of the file that pack_model would make, without running it.
std::size_t packed_bytes(const std::vector<NetworkDescription>& networks, const Provenance& provenance,
                         Objective objective = Objective::kBalanced);

}  // namespace ns::pack
