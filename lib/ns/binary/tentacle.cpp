#include "ns/binary/tentacle.h"

#include <algorithm>
#include <array>

#include "ns/base/error.h"
#include "ns/base/nearest.h"

namespace ns::binary {
namespace {

using nn::Layer;
using nn::Op;

constexpr const char* kMember = "member";
constexpr const char* kMerge = "merge";
constexpr std::array<const char*, 3> kMerges{"add", "concat", "weights"};

std::string prefix(int member) {
  return kMember + std::to_string(member + 1) + ".";
}

bool is_merge(const std::string& name) {
  return name.rfind(kMerge, 0) == 0;
}

/// Number of the first layer that is not shared.
std::size_t first_own_layer(const nn::Graph& network, const std::string& split) {
  std::size_t first = split == "input" ? 0 : network.layers.size();
  std::vector<std::string> names{"input"};
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const std::string& name = network.layers[i].name;
    names.push_back(name);
    if (name == split || name.rfind(split + ".", 0) == 0) {
      first = i + 1;
    }
  }
  const bool found =
      split == "input" || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return name == split || name.rfind(split + ".", 0) == 0;
      });
  if (!found) {
    throw usage_error("split \"" + split + "\" is outside the network " + network.name,
                      nearest_hint(split, names));
  }
  if (first + 1 >= network.layers.size()) {
    throw usage_error("split \"" + split + "\" of " + network.name +
                          " leaves nothing to the members: only the classifier comes after it",
                      "split at an earlier layer");
  }
  return first;
}

std::ptrdiff_t readers(const nn::Graph& network, const std::string& name) {
  return std::count_if(network.layers.begin(), network.layers.end(), [&](const Layer& layer) {
    return std::find(layer.inputs.begin(), layer.inputs.end(), name) != layer.inputs.end();
  });
}

class Builder {
 public:
  Builder(const nn::Graph& network, const TentacleOptions& options)
      : network_(network), options_(options), first_(first_own_layer(network, options.split)) {
    result_.name = network.name + "_tentacle" + std::to_string(options.members);
    result_.input = network.input;
  }

  nn::Graph run() {
    const Layer& classifier = network_.layers.back();
    for (std::size_t i = 0; i < first_; ++i) {
      result_.layers.push_back(network_.layers[i]);
    }
    std::vector<std::string> outputs;
    for (int member = 0; member < options_.members; ++member) {
      for (std::size_t i = first_; i + 1 < network_.layers.size(); ++i) {
        Layer layer = network_.layers[i];
        layer.name = prefix(member) + layer.name;
        for (std::string& input : layer.inputs) {
          input = renamed(input, member);
        }
        result_.layers.push_back(layer);
      }
      outputs.push_back(renamed(classifier.inputs[0], member));
      if (options_.merge == Merge::kWeights) {
        append(prefix(member) + "weights", Op::kDepthwiseConv, {outputs.back()});
        outputs.back() = result_.layers.back().name;
      }
    }
    const std::string features = merged(std::move(outputs));
    result_.layers.push_back(classifier);
    result_.layers.back().inputs = {features};
    return std::move(result_);
  }

 private:
  std::string renamed(const std::string& input, int member) const {
    const int source = network_.index_of(input);
    return source < static_cast<int>(first_) ? input : prefix(member) + input;
  }

  void append(const std::string& name, Op op, std::vector<std::string> inputs) {
    Layer& layer = result_.layers.emplace_back();
    layer.name = name;
    layer.op = op;
    layer.inputs = std::move(inputs);
  }

  /// Appends what joins the outputs; its name.
  std::string merged(std::vector<std::string> outputs) {
    if (outputs.size() == 1) {
      return outputs[0];
    }
    if (options_.merge == Merge::kConcat) {
      append(kMerge, Op::kConcat, std::move(outputs));
      return kMerge;
    }
    std::string sum = outputs[0];
    for (std::size_t k = 1; k < outputs.size(); ++k) {
      append(kMerge + std::to_string(k + 1), Op::kAdd, {sum, outputs[k]});
      sum = result_.layers.back().name;
    }
    return sum;
  }

  const nn::Graph& network_;
  const TentacleOptions& options_;
  std::size_t first_;
  nn::Graph result_;
};

}  // namespace

Merge merge_of(const std::string& word) {
  for (std::size_t i = 0; i < kMerges.size(); ++i) {
    if (word == kMerges[i]) {
      return static_cast<Merge>(i);
    }
  }
  throw usage_error("merge \"" + word + "\": expected add, concat or weights");
}

std::string default_split(const nn::Graph& network) {
  for (const Layer& layer : network.layers) {
    if (layer.op != Op::kBinaryConv) {
      continue;
    }
    std::string at = layer.inputs[0];
    for (int i = network.index_of(at); i >= 0; i = network.index_of(at)) {
      const Layer& before = network.layers[static_cast<std::size_t>(i)];
      if (before.op != Op::kSign && before.op != Op::kMaxPool && before.op != Op::kBatchNorm) {
        break;
      }
      const bool shared = before.op == Op::kBatchNorm && readers(network, before.name) > 1;
      if (shared) {
        break;
      }
      at = before.inputs[0];
      if (before.op == Op::kBatchNorm) {
        break;
      }
    }
    return at;
  }
  throw usage_error(network.name + " has no binary layers, so nothing says where members part",
                    "name the last shared layer with \"split\"");
}

nn::Graph tentacle(const nn::Graph& network, const TentacleOptions& options) {
  if (options.members < 1) {
    throw usage_error("an ensemble needs at least one member, found " + std::to_string(options.members));
  }
  if (network.layers.empty() || network.layers.back().op != Op::kLinear || !network.outputs.empty()) {
    throw usage_error(network.name +
                      ": members are merged before a linear classifier, which must be the last layer");
  }
  for (const Layer& layer : network.layers) {
    if (member_of(layer.name) >= 0 || is_merge(layer.name)) {
      throw usage_error(network.name + ": layer " + layer.name + " has a name that ensembles give",
                        "rename it: member<k>.… and merge… are taken");
    }
  }
  nn::Graph graph = Builder(network, options).run();
  graph.infer_shapes();
  return graph;
}

std::vector<std::string> member_outputs(const nn::Graph& graph) {
  if (graph.layers.empty() || graph.layers.back().op != Op::kLinear) {
    return {};
  }
  std::vector<std::string> outputs;
  std::string at = graph.layers.back().inputs[0];
  while (is_merge(at)) {
    const Layer& merge = graph.layers[static_cast<std::size_t>(graph.index_of(at))];
    if (merge.op == Op::kConcat) {
      return merge.inputs;
    }
    if (merge.op != Op::kAdd) {
      break;
    }
    outputs.push_back(merge.inputs[1]);
    at = merge.inputs[0];
  }
  outputs.push_back(at);
  std::reverse(outputs.begin(), outputs.end());
  return outputs;
}

bool merges_by_concat(const nn::Graph& graph) {
  const int source = graph.index_of(graph.layers.back().inputs[0]);
  return source >= 0 && graph.layers[static_cast<std::size_t>(source)].op == Op::kConcat &&
         is_merge(graph.layers[static_cast<std::size_t>(source)].name);
}

nn::Graph member_graph(const nn::Graph& graph, std::size_t member) {
  const std::vector<std::string> outputs = member_outputs(graph);
  if (member >= outputs.size()) {
    throw internal_error(graph.name + " has no member " + std::to_string(member + 1));
  }
  if (outputs.size() == 1) {
    return graph;
  }
  std::vector<bool> needed(graph.layers.size());
  const auto need = [&](const std::string& name) {
    const int i = graph.index_of(name);
    if (i >= 0) needed[static_cast<std::size_t>(i)] = true;
  };
  need(outputs[member]);
  for (std::size_t i = graph.layers.size(); i-- > 0;) {
    if (needed[i]) std::ranges::for_each(graph.layers[i].inputs, need);
  }
  nn::Graph alone{graph.name + "_member" + std::to_string(member + 1), graph.input, {}};
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    if (needed[i]) alone.layers.push_back(graph.layers[i]);
  }
  alone.layers.push_back(graph.layers.back());
  alone.layers.back().inputs = {outputs[member]};
  return alone;
}

int member_of(const std::string& name) {
  const std::string start = kMember;
  const std::size_t dot = name.find('.');
  if (name.rfind(start, 0) != 0 || dot == std::string::npos || dot == start.size() ||
      dot > start.size() + 4 || name.find_first_not_of("0123456789", start.size()) != dot) {
    return -1;
  }
  return std::stoi(name.substr(start.size(), dot - start.size())) - 1;
}

}  // namespace ns::binary
