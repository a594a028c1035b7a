// Post-training nested pruning: a checkpoint in, a nested checkpoint and a report out.
#pragma once

#include <string>
#include <vector>

#include "ns/base/json.h"
#include "ns/checkpoint/safetensors.h"
#include "ns/nested/allocation.h"

namespace ns::nested {

struct PruneOptions {
  std::vector<double> sparsities;  ///< increasing: the densest subnet first
  int block_width = 2;
  DenseLayers dense_layers = default_dense_layers();
  AllocationOptions allocation = {};
};

struct LayerReport {
  std::string layer;
  std::int64_t weights = 0;
  std::vector<std::int64_t> kept;  ///< weights of subnet k at [k − 1]
  bool pruned = false;
  double sparsity(std::int64_t kept_weights) const {
    return 1.0 - static_cast<double>(kept_weights) / static_cast<double>(weights);
  }
};

struct PruneReport {
  std::vector<LayerReport> layers;  ///< every layer with weights, in the network's order
  LayerReport total;                ///< over all of them, dense ones included
};

/// A record of schema nestkit.prune/1.
Json to_json(const PruneReport& report);

struct Pruned {
  checkpoint::Archive archive;
  PruneReport report;
};

/// Weights are untouched; level maps rank them by block magnitude, shared out among the layers as
/// `allocation` says. Every subnet gets a copy of the batch-norm of the input, of its densest subnet if that
/// is nested. `input_sha256` becomes the only parent, the options go into the metadata. Throws Error(kUsage)
/// for options that the network cannot meet, Error(kInput) for a bad checkpoint.
Pruned prune(const checkpoint::Archive& input, const std::string& input_sha256, const PruneOptions& options);

}  // namespace ns::nested
