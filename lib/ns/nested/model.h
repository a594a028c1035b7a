// A network with its level maps, to and from a checkpoint (docs/format/checkpoint.md).
#pragma once

#include <string>
#include <vector>

#include "ns/checkpoint/profile.h"
#include "ns/nested/subnet_masks.h"
#include "ns/nn/network.h"

namespace ns::nested {

/// Without levels nothing is pruned: dense and gated networks, and nested ones before their pruning. Not
/// copyable: the network refers to the masks.
class Model {
 public:
  /// Nothing pruned yet: `subnets` batch-norm banks and no level maps.
  Model(nn::Graph graph, int subnets, std::uint64_t seed) : network_(std::move(graph), subnets, seed) {}

  nn::Network& network() { return network_; }
  const nn::Network& network() const { return network_; }
  /// Number of subnets, counted from 1 = the sparsest; 1 for a dense model.
  int subnets() const { return network_.banks(); }
  const LevelMaps& levels() const { return levels_; }
  /// One subnet, with all its weights.
  bool dense() const { return subnets() == 1 && levels_.empty(); }

  /// Throws Error(kInternal) if a map's shape or number of subnets is not the network's.
  void set_levels(LevelMaps levels);
  /// The following passes are subnet k's: its masks and batch-norm bank.
  void select(int subnet) { masks_.select(network_, subnet); }

 private:
  nn::Network network_;
  LevelMaps levels_;
  SubnetMasks masks_;
};

/// Adds parameters, batch-norm buffers and level maps.
void write_tensors(const Model& model, checkpoint::Archive& archive);

/// Overwrites parameters, buffers and level maps by the archive's, whose profile is given. Throws
/// Error(kInput) naming the file and the first tensor that is missing or has another shape, or the level map
/// that does not fit, belongs to no weights or is not that of a slimmable network's widths.
void read_tensors(const checkpoint::Archive& archive, const checkpoint::Profile& profile, Model& model);

/// Metadata key of resumable nested checkpoints: "true" once the level maps will not change any more.
inline constexpr const char* kLevelsFinal = "levels_final";

/// Throws Error(kInput) if `archive`, which `model` was read from, is of a nested run whose pruning had not
/// ended: its subnets are not what its sparsities say.
void require_final_levels(const checkpoint::Archive& archive, const Model& model);

/// Overwrites parameters and buffers by those of a dense archive; every batch-norm bank becomes the dense
/// one. Throws as read_tensors does.
void read_dense_tensors(const checkpoint::Archive& archive, Model& model);

/// "stem.bn@2.weight" → "stem.bn.weight": the name in bank 0. Names of shared parameters stay.
std::string name_in_bank_0(const std::string& name);

/// The batch-norm bank that each of the network's parameters belongs to; -1 for shared ones.
std::vector<int> banks_of_parameters(const nn::Network& network);

/// The checkpoint's model. Throws Error(kInput) naming the file if it is no valid checkpoint, or one of a
/// nested run whose pruning had not ended.
Model model_of(const checkpoint::Archive& archive);
/// Likewise, also of a run that is still pruning.
Model unfinished_model_of(const checkpoint::Archive& archive);

}  // namespace ns::nested
