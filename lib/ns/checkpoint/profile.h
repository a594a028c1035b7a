// What makes a safetensors file a nestkit checkpoint (docs/format/checkpoint.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ns/checkpoint/safetensors.h"

namespace ns::checkpoint {

inline constexpr const char* kSchema = "nestkit.checkpoint/1";

/// The metadata that every checkpoint carries. Nothing in it depends on when or where it was written.
struct Profile {
  std::string graph;                 ///< JSON text, schema nestkit.graph/1
  std::string config;                ///< effective config of the run, canonical JSON text
  std::vector<std::string> parents;  ///< SHA-256 of the checkpoints this one was made from
  std::uint64_t seed = 0;
  std::string data_manifest_sha256;  ///< of the training set; empty if no data was involved
  int banks = 1;                     ///< batch-norm banks, one per subnet when nested
  std::vector<double>
      sparsities;  ///< fraction removed of subnet N..1's weights, strictly increasing in (0, 1); empty: dense
  std::vector<double> widths;  ///< slimmable: share of the channels that subnet N..1 has, falling from 1
  int block = 1;               ///< neighbouring input channels that share one level: 1, 2 or 4

  bool operator==(const Profile&) const = default;
};

/// Sets the profile's metadata keys, schema and tool_version included; leaves every other key alone.
void set_profile(Archive& archive, const Profile& profile);

/// Throws Error(kInput) naming file and key if the archive is no checkpoint of this schema or a value is out
/// of range.
Profile profile_of(const Archive& archive);

}  // namespace ns::checkpoint
