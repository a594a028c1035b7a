#include "ns/nested/gates.h"

#include <algorithm>
#include <map>

#include "ns/base/error.h"
#include "ns/base/json.h"
#include "ns/nested/allocation.h"

namespace ns::nested {
namespace {

using nn::Layer;
using nn::Op;

/// The gated convolution's last fused layer, by its index: what its gate reads.
std::map<std::size_t, std::string> gated_convolutions(const nn::Graph& graph, const GateOptions& options) {
  // The names are judged where those of pruning are; the sparsity does not matter.
  const Allocation chosen = uniform_allocation(graph, options.ungated, std::vector{0.5});
  std::map<std::string, std::vector<std::size_t>> readers;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    for (const std::string& input : graph.layers[i].inputs) {
      readers[input].push_back(i);
    }
  }
  std::map<std::size_t, std::string> gated;
  for (const Layer& layer : graph.layers) {
    if (layer.op != Op::kConv || !chosen.contains(layer.name)) {
      continue;
    }
    auto last = static_cast<std::size_t>(graph.index_of(layer.name));
    for (const Op next : {Op::kBatchNorm, Op::kRelu}) {
      const std::vector<std::size_t>& after = readers[graph.layers[last].name];
      if (after.size() == 1 && graph.layers[after[0]].op == next) {
        last = after[0];
      }
    }
    const std::string& name = graph.layers[last].name;
    if (std::find(graph.outputs.begin(), graph.outputs.end(), name) == graph.outputs.end()) {
      gated.emplace(last, layer.name);  // an output's channels all mean something
    }
  }
  if (gated.empty()) {
    throw usage_error(graph.name + ": no convolution is left to gate",
                      "\"dense_layers\" lists those that get no gate");
  }
  return gated;
}

Layer layer_of(const std::string& name, Op op, std::vector<std::string> inputs) {
  Layer layer;
  layer.name = name;
  layer.op = op;
  layer.inputs = std::move(inputs);
  return layer;
}

}  // namespace

void check_gate_ratios(std::span<const double> ratios) {
  const auto refuse = [&](const std::string& message) {
    throw usage_error("gate_ratios: " + message, "e.g. 0.75, 0.5, 0.25: the most channels first");
  };
  if (ratios.empty() || ratios.size() > static_cast<std::size_t>(kMaxSubnets)) {
    refuse("expected 1 to " + std::to_string(kMaxSubnets) + ", found " + std::to_string(ratios.size()));
  }
  for (std::size_t i = 0; i < ratios.size(); ++i) {
    if (!(ratios[i] > 0.0 && ratios[i] <= 1.0)) {
      refuse("expected fractions above 0 and up to 1, found " + canonical_dump(ratios[i]));
    }
    if (i > 0 && ratios[i] >= ratios[i - 1]) {
      refuse(canonical_dump(ratios[i]) + " follows " + canonical_dump(ratios[i - 1]) +
             ", expected falling fractions");
    }
  }
}

nn::Graph with_gates(const nn::Graph& graph, const GateOptions& options) {
  check_gate_ratios(options.ratios);
  const std::map<std::size_t, std::string> gated = gated_convolutions(graph, options);
  nn::Graph result;
  result.name = graph.name + " gated";
  result.input = graph.input;
  std::map<std::string, std::string> behind;  // what is read in the place of a layer
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    Layer layer = graph.layers[i];
    for (std::string& input : layer.inputs) {
      const auto gate = behind.find(input);
      input = gate == behind.end() ? input : gate->second;
    }
    const bool has_gate =
        std::any_of(gated.begin(), gated.end(), [&](const auto& one) { return one.second == layer.name; });
    if (has_gate) {
      const std::string prefix = layer.name + ".gate";
      result.layers.push_back(layer_of(prefix + ".pool", Op::kGlobalAvgPool, layer.inputs));
      Layer linear = layer_of(prefix + ".linear", Op::kLinear, {prefix + ".pool"});
      linear.filters = layer.filters;
      linear.bias = true;
      result.layers.push_back(linear);
      result.layers.push_back(layer_of(prefix + ".relu", Op::kRelu, {prefix + ".linear"}));
    }
    result.layers.push_back(layer);
    if (const auto convolution = gated.find(i); convolution != gated.end()) {
      const std::string name = convolution->second + ".gate";
      Layer gate = layer_of(name, Op::kScale, {layer.name, name + ".relu"});
      gate.keep.assign(options.ratios.rbegin(), options.ratios.rend());
      gate.penalty = options.penalty;
      result.layers.push_back(std::move(gate));
      behind[layer.name] = name;
    }
  }
  result.outputs = graph.outputs;
  result.detection = graph.detection;
  result.infer_shapes();
  return result;
}

bool predicts_saliency(const nn::Graph& graph, const nn::Layer& layer) {
  return layer.op == Op::kLinear && layer.name.ends_with(".gate.linear") &&
         std::any_of(graph.layers.begin(), graph.layers.end(), [&](const Layer& gate) {
           return gate.op == Op::kScale && gate.name + ".linear" == layer.name;
         });
}

double computed_share(const nn::Graph& graph, const nn::Layer& layer, int subnet) {
  const auto gate = std::find_if(graph.layers.begin(), graph.layers.end(), [&](const Layer& other) {
    return other.op == Op::kScale && !other.keep.empty() && other.name == layer.name + ".gate";
  });
  if (layer.op != Op::kConv || gate == graph.layers.end()) {
    return 1.0;
  }
  const double share = gate->keep[static_cast<std::size_t>(subnet - 1)];
  return static_cast<double>(nn::kept_channels(share, layer.filters)) / layer.filters;
}

std::vector<double> gate_ratios_of(const nn::Graph& graph) {
  std::vector<double> found;
  for (const Layer& layer : graph.layers) {
    if (layer.op != Op::kScale || layer.keep.empty()) {
      continue;
    }
    std::vector<double> ratios(layer.keep.rbegin(), layer.keep.rend());
    if (!found.empty() && found != ratios) {
      return {};
    }
    found = std::move(ratios);
  }
  return found;
}

}  // namespace ns::nested
