// TentacleNet (Mocerino and Calimera, arXiv 1912.10103): a network whose last part exists several times, side
// by side, on one shared stem, and whose copies are merged before one classifier.
#pragma once

#include <string>
#include <vector>

#include "ns/nn/graph.h"

namespace ns::binary {

enum class Merge {
  kAdd,     ///< the members' features are added
  kConcat,  ///< the classifier reads all members' features
  kWeights  ///< added, each channel of each member with a learnt weight
};

/// "add", "concat", "weights". Throws Error(kUsage) for another word.
Merge merge_of(const std::string& word);

struct TentacleOptions {
  int members = 3;
  std::string split;  ///< last layer, or block "<split>.…" of layers, that all members share; "input": none
  Merge merge = Merge::kConcat;
};

/// The last layer before the batch-norm and sign of the first binary convolution: what a shared real stem
/// ends with. Throws Error(kUsage) if the network has no binary layers.
std::string default_split(const nn::Graph& network);

/// `network`, whose last layer is a linear classifier, with everything between the split and the classifier
/// `members` times; layers of member k are called "member<k>.<name>". Throws Error(kUsage) if members < 1, if
/// the split names no layer (with the nearest), or leaves nothing to a member.
nn::Graph tentacle(const nn::Graph& network, const TentacleOptions& options);

/// Of a graph that tentacle() made, or any other with a classifier: the layers whose outputs are merged, one
/// per member; for another graph the one that the classifier reads. Empty if the last layer is no linear one.
std::vector<std::string> member_outputs(const nn::Graph& graph);

/// Whether the classifier has weights of its own for every member's features.
bool merges_by_concat(const nn::Graph& graph);

/// What member `member`, from 0, needs to answer alone: the layers before its output, and the classifier,
/// which reads nothing else. Layers keep their names. Throws Error(kInternal) if there is no such member.
nn::Graph member_graph(const nn::Graph& graph, std::size_t member);

/// Member that layer `name` belongs to, from 0; -1 for a shared one.
int member_of(const std::string& name);

}  // namespace ns::binary
