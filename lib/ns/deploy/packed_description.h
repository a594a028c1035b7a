// What is in a packed model, in words and numbers: for ns-info, and for the layer names and costs of
// ns-bench.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ns/deploy/packed_model.h"

namespace ns::deploy {

struct SectionDescription {
  std::string type;
  int network = -1;  ///< −1: belongs to the whole file
  std::uint32_t offset = 0, bytes = 0;
};

struct OperatorDescription {
  std::string name, kind, encoding;  ///< layer's name, "conv", "nested CSR 1x2"
  std::string kernel;                ///< that runs it, in nsrt/kernels.h: nsrt_kernel_…
  std::string output;                ///< "28x28x16", h×w×c
  std::uint32_t weight_bytes = 0, requant_bytes = 0, scratch_bytes = 0;
  std::uint32_t output_offset = 0, scratch_offset = 0;  ///< in the arena
  double entropy_bound_bytes = 0;      ///< of weight_bytes: pack::entropy_bound of nested weights
  std::vector<std::uint64_t> weights;  ///< by subnet: stored for it
  std::vector<std::uint64_t> macs;     ///< by subnet: multiply-accumulates of these weights
  bool binary = false;                 ///< weights of one bit, else int8
};

struct SubnetDescription {
  double sparsity = 0;  ///< requested, of the pruned layers
  std::uint32_t macs = 0, kept_weights = 0;
};

/// Scales, default boxes and suppression of a detector (docs/format/nsm.md, DETC).
struct DetectorDescription {
  struct Scale {
    std::string scores, boxes;  ///< layers
    std::string grid;           ///< "10x10", h×w
    std::vector<std::array<double, 2>>
        sizes;  ///< w and h of a cell's default boxes, fractions of the input's
  };
  std::vector<Scale> scales;
  unsigned candidates = 0;
  double least_score = 0, most_overlap = 0;
};

struct NetworkDescription {
  std::string name;
  std::vector<std::string> classes;
  std::string input, output;  ///< "28x28x1"
  double input_scale = 0;
  int input_zero_point = 0;
  std::uint32_t arena_bytes = 0;
  std::vector<SubnetDescription> subnets;  ///< [k − 1]
  std::vector<OperatorDescription> operators;
  std::optional<DetectorDescription> detector;
};

struct StageDescription {
  unsigned network = 0, subnet = 1;  ///< index in `networks`; 1 … N
  std::string view;                  ///< "identity", "shift:1,-2+flip"
  std::uint32_t weight = 1;
};

/// Stages and stopping rule of a cooperative model (docs/format/nsm.md, STGS).
struct RuleDescription {
  std::vector<StageDescription> stages;
  std::string aggregate, confidence;
  unsigned min_passes = 1;
  /// [row][column]: one row or one per stage, one column or one per class, 0 … 1 (of t² for "interval",
  /// without end); nothing for a threshold that no score reaches.
  std::vector<std::vector<std::optional<double>>> thresholds;
};

struct PackedDescription {
  std::uint32_t bytes = 0;
  std::string tool_version, data_manifest_sha256;
  std::string config, packing;  ///< canonical JSON of the training's recipe and of the packing's options
  std::uint64_t seed = 0;
  std::vector<std::string> parents;
  std::vector<SectionDescription> sections;
  std::vector<NetworkDescription> networks;
  std::optional<RuleDescription> rule;
};

/// Throws Error(kInput) if META is not what docs/format/nsm.md says: the device never reads it, people do.
PackedDescription describe(const PackedModel& model);

}  // namespace ns::deploy
