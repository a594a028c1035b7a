// Everything that decides a training run, as one flat JSON object.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ns/base/json.h"
#include "ns/nested/allocation.h"

namespace ns::train {

/// Meanings, ranges and defaults of the keys: configs/schema/train.schema.json, or recipe_fields.h.
struct Recipe {
  std::string dataset = "fashion_mnist";
  std::string data_dir;
  int train_images = 0;
  int validation_images = 5000;
  int crop_padding = 2;
  bool horizontal_flip = true;
  int image_size = 0;
  int image_channels = 0;
  bool vertical_flip = false;
  double smallest_window = 1.0;
  double largest_window = 1.0;
  double colour_jitter = 0.0;

  std::string arch = "resnet8";
  std::string graph;
  double width = 1.0;

  int activation_bits = 1;
  std::string estimator = "clipped";
  bool activation_shift = false;
  bool shortcuts = false;
  bool weight_scaling = true;

  std::string ensemble = "none";
  int members = 1;
  std::string split;
  std::string merge = "concat";
  double diversity = 0.0;

  std::string method = "dense";
  std::vector<double> widths{1.0, 0.75, 0.5, 0.25};
  std::vector<double> gate_ratios{0.75, 0.5, 0.25};
  double saliency_penalty = 1e-8;
  int epochs = 20;
  int batch_size = 128;
  double learning_rate = 0.1;
  std::string schedule = "cosine";
  std::vector<double> milestones;
  double milestone_factor = 0.1;
  int warmup_epochs = 1;
  std::string optimizer = "sgd";
  double momentum = 0.9;
  bool nesterov = true;
  std::vector<double> betas{0.9, 0.999};
  double weight_decay = 5e-4;
  double label_smoothing = 0.0;
  std::string first_stage = "none";
  int first_stage_epochs = 0;
  std::uint64_t seed = 1;
  int threads = 0;
  std::string precision = "float32";

  std::vector<double> sparsities{0.7, 0.8, 0.9};
  std::string block = "1x2";
  std::vector<std::string> dense_layers = nested::default_dense_layers();
  std::string allocation = "uniform";
  double cost_budget = 1.0;
  int prune_start_epoch = 5;
  int prune_end_epoch = 12;
  int prune_every_steps = 50;
  std::string routing = "sum";
  std::vector<double> loss_weights;
  double distillation_weight = 0.5;
  double distillation_temperature = 2.0;
  std::string batch_norm = "per_subnet";

  double weight_average = 0.0;
  int recalibration_images = 0;
  int checkpoint_every_epochs = 1;

  /// The data set has boxes: object detection, not classification.
  bool detection() const;
  bool nested() const { return method == "nested"; }
  bool slimmable() const { return method == "slimmable"; }
  bool gated() const { return method == "gated"; }
  bool shared_batch_norm() const { return batch_norm == "shared"; }
  bool tentacle() const { return ensemble == "tentacle"; }
  /// Members are trained one after another: bin-ensemble does that.
  bool benn() const { return ensemble == "bagging" || ensemble == "boosting"; }
  int subnets() const {
    return static_cast<int>(nested()      ? sparsities.size()
                            : slimmable() ? widths.size()
                            : gated()     ? gate_ratios.size()
                                          : 1);
  }
  bool operator==(const Recipe&) const = default;
};

/// Width of a block written "1x1", "1x2" or "1x4". Throws Error(kUsage) for anything else.
int block_width(const std::string& block);

/// Missing keys keep their defaults. Throws Error(kUsage) naming `origin` and key: an unknown key with its
/// nearest, a wrong type, a value out of range, or values that do not fit together. "$schema" is allowed.
Recipe recipe_from_json(const Json& json, const std::string& origin);

/// All keys, in their documented order.
nlohmann::ordered_json to_json(const Recipe& recipe);

/// Applies "key=value" to the JSON of a recipe: the value is text for text keys, else JSON; a list may be
/// written 0.7,0.8,0.9; what is no JSON stays text, which recipe_from_json refuses. Throws Error(kUsage) for
/// an unknown key (naming the nearest).
void apply_setting(Json& recipe, std::string_view setting);

/// The published JSON Schema (draft 2020-12) of recipes.
nlohmann::ordered_json recipe_schema();

}  // namespace ns::train
