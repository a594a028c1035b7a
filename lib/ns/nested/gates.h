// Channel-gated networks (Gao et al., "Dynamic channel pruning: feature boosting and suppression", ICLR
// 2019): a convolution's input says, image by image, which of its output channels are worth computing.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ns/nn/graph.h"

namespace ns::nested {

/// Throws Error(kUsage) unless there are 1 to 8 ratios that fall strictly, from 1 at most, and stay above 0.
void check_gate_ratios(std::span<const double> ratios);

struct GateOptions {
  std::vector<double> ratios;  ///< share of a gated layer's channels that subnet N … 1 computes, falling
  std::vector<std::string> ungated;  ///< convolutions without a gate: names, or the roles of DenseLayers
  double penalty = 0;                ///< L1 penalty on saliencies
};

/// The graph with a gate on every other convolution L: L.gate.pool, L.gate.linear and L.gate.relu predict the
/// channels' saliencies from the layer's input; L.gate, a scale layer behind L and the batch-norm and ReLU
/// that it feeds alone, keeps the most salient channels, multiplied by their saliency. Throws Error(kUsage)
/// for bad ratios, a name that is neither role nor layer, or when no convolution is left to gate.
nn::Graph with_gates(const nn::Graph& graph, const GateOptions& options);

/// Whether `layer` predicts saliencies. Its bias starts at 1, so that every channel counts at first.
bool predicts_saliency(const nn::Graph& graph, const nn::Layer& layer);

/// The ratios that a graph's gates keep, falling; empty if it has none or they differ between layers.
std::vector<double> gate_ratios_of(const nn::Graph& graph);

/// The share of `layer`'s outputs that subnet k computes: below 1 for a convolution with a gate of
/// with_gates.
double computed_share(const nn::Graph& graph, const nn::Layer& layer, int subnet);

}  // namespace ns::nested
