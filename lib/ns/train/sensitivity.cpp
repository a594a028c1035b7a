#include "ns/train/sensitivity.h"

#include <algorithm>

#include "ns/base/error.h"
#include "ns/base/version.h"
#include "ns/train/evaluate.h"
#include "ns/train/fit.h"

namespace ns::train {

Sensitivity scan_sensitivity(nested::Model& model, const data::Dataset& images,
                             const SensitivityOptions& options,
                             const std::function<void(std::int64_t, std::int64_t)>& on_pass) {
  const nn::Graph& graph = model.network().graph();
  if (!model.dense()) {
    throw input_error("the sensitivity scan takes a dense checkpoint, found one with several subnets");
  }
  if (model.network().graph().detection.present()) {
    throw input_error("the sensitivity scan measures the accuracy of classifiers, found a detector");
  }
  require_fits(graph, images, graph.name);
  const nested::Allocation allocation =
      nested::uniform_allocation(graph, options.dense_layers, options.sparsities);
  // Of every layer and sparsity before the first long pass: what is out of reach is refused at once.
  std::vector<nested::LevelMaps> maps;
  for (const double sparsity : options.sparsities) {
    nested::Allocation one;
    for (const auto& [layer, unused] : allocation) {
      one[layer] = {sparsity};
    }
    maps.push_back(nested::magnitude_levels(model.network(), one, options.block_width, 1.0));
  }
  const auto total = static_cast<std::int64_t>(allocation.size() * maps.size()) + 1;
  std::int64_t done = 0;
  const auto evaluate = [&] {
    const double found = accuracy(model, 1, images);
    ++done;
    if (on_pass) {
      on_pass(done, total);
    }
    return found;
  };
  Sensitivity result;
  result.sparsities = options.sparsities;
  result.images = static_cast<std::int64_t>(images.size());
  result.dense_accuracy = evaluate();
  for (const nn::Layer& layer : graph.layers) {
    if (allocation.count(layer.name) == 0) {
      continue;
    }
    const std::string name = layer.name + ".weight";
    LayerSensitivity row;
    row.layer = layer.name;
    for (const nested::LevelMaps& of_sparsity : maps) {
      const nested::LevelMap& map = of_sparsity.at(name);
      row.weights = map.grid().weight_count();
      row.kept.push_back(map.kept_weights(1));
      model.set_levels({{name, map}});
      row.accuracies.push_back(evaluate());
    }
    result.layers.push_back(std::move(row));
  }
  model.set_levels({});
  return result;
}

std::vector<Json> to_json(const Sensitivity& sensitivity) {
  std::vector<Json> records;
  for (const LayerSensitivity& layer : sensitivity.layers) {
    records.push_back({{"schema", "nestkit.sensitivity/1"},
                       {"tool", "ns-prune"},
                       {"version", version()},
                       {"layer", layer.layer},
                       {"weights", layer.weights},
                       {"images", sensitivity.images},
                       {"dense_accuracy_top1", sensitivity.dense_accuracy},
                       {"sparsity", sensitivity.sparsities},
                       {"kept_weights", layer.kept},
                       {"accuracy_top1", layer.accuracies}});
  }
  return records;
}

}  // namespace ns::train
