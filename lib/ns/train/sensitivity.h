// How much accuracy each layer costs when it alone is pruned, without training.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ns/base/json.h"
#include "ns/data/dataset.h"
#include "ns/nested/allocation.h"
#include "ns/nested/model.h"

namespace ns::train {

struct SensitivityOptions {
  std::vector<double> sparsities;  ///< increasing
  int block_width = 2;
  nested::DenseLayers dense_layers = nested::default_dense_layers();  ///< not scanned
};

struct LayerSensitivity {
  std::string layer;
  std::int64_t weights = 0;
  std::vector<std::int64_t> kept;  ///< weights, by sparsity
  std::vector<double> accuracies;  ///< top-1, 0…1, by sparsity
};

struct Sensitivity {
  std::vector<double> sparsities;
  std::int64_t images = 0;
  double dense_accuracy = 0;
  std::vector<LayerSensitivity> layers;  ///< in the network's order
};

/// Prunes one layer at a time by magnitude and evaluates the network on `images`. `model` must be dense (one
/// subnet); it has no level maps afterwards. `on_pass` is told after every evaluation how many of how many
/// are done. Throws Error(kUsage) for a sparsity that a layer cannot reach, Error(kInput) if the images do
/// not fit the network or the model is nested.
Sensitivity scan_sensitivity(nested::Model& model, const data::Dataset& images,
                             const SensitivityOptions& options,
                             const std::function<void(std::int64_t, std::int64_t)>& on_pass = {});

/// Records of schema nestkit.sensitivity/1, one per layer.
std::vector<Json> to_json(const Sensitivity& sensitivity);

}  // namespace ns::train
