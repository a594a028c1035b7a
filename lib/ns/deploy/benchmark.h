// Accuracy, cost and memory of every subnet of a packed model: the records of ns-bench.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ns/data/dataset.h"
#include "ns/deploy/cycle_estimate.h"
#include "ns/deploy/emulator_session.h"
#include "ns/deploy/engine.h"
#include "ns/deploy/packed_description.h"
#include "ns/metrics/mean_average_precision.h"

namespace ns::deploy {

/// Test images as the model takes them, with their labels.
struct EncodedImages {
  std::vector<std::int8_t> inputs;  ///< whole input tensors, one after the other
  std::vector<std::int32_t> labels;
  std::vector<detect::Truth> truths;  ///< for a detector: the objects of these images
  std::vector<std::string> classes;
  std::string manifest_sha256;
  std::size_t size() const { return labels.size(); }
};

/// The first `count` images (0: all). Throws Error(kInput) if the data set's images, classes or normalisation
/// are not the network's, or if it has boxes and the network is no detector, or the other way round: naming
/// both sides.
EncodedImages encode_images(const data::Dataset& dataset, const PackedModel& model, std::size_t count,
                            unsigned network = 0);

struct LayerCost {
  std::string name, kind;
  std::uint64_t count = 0, macs = 0;  ///< instructions, or cycles of a board that counts them
  bool sparse = false;                ///< nested weights
};

/// A stage of a cooperative model, which is measured as a whole.
struct StageRecord {
  std::string network;
  unsigned subnet = 1;
  std::size_t reached = 0;                    ///< images that came so far
  std::optional<std::uint64_t> instructions;  ///< of this stage's network alone
};

/// One record of schema nestkit.bench/1 (docs/format/results.md).
struct BenchRecord {
  std::string target;  ///< "host", "emulator" or "board"
  std::string board;   ///< target "board": its name
  std::string model, artifact_sha256, network, data_manifest_sha256;
  std::uint64_t flash_bytes = 0, arena_bytes = 0;
  unsigned subnet = 1, subnets = 1;
  double sparsity = 0;
  std::uint64_t macs = 0, kept_weights = 0;
  std::size_t images = 0, correct = 0;  ///< 0 images: accuracy was not measured
  std::size_t excluded_images = 0;      ///< of the data set, left out on request
  std::optional<double> images_per_second;
  std::optional<std::uint64_t> instructions;
  CycleEstimate cycles;                          ///< of `instructions`
  std::optional<std::uint64_t> measured_cycles;  ///< by the counter of a board's core, which runs at core_hz
  std::uint32_t core_hz = 0;
  std::uint32_t stack_bytes = 0;  ///< below the call of nsrt_run, measured by painting; 0: not measured
  std::vector<LayerCost> layers;
  std::size_t verified_images = 0;
  std::optional<bool> identical;
  std::optional<double> float_accuracy;              ///< of a detector its mAP
  std::optional<metrics::MeanAveragePrecision> map;  ///< of a detector: VOC's at an IoU of 0.5, by `classes`
  std::optional<double> map_coco;
  std::vector<std::string> classes;
  /// Of a cooperative model: then `subnet` is 0, `macs` and `instructions` are means over the images, and
  /// instructions include the rule.
  std::vector<StageRecord> stages;
  std::optional<std::uint64_t> worst_instructions;  ///< of one of the images

  /// Share of the layers' count that no sparse kernel causes: what more sparsity cannot save.
  double outside_sparse_share() const;
  double accuracy() const {
    return images ? static_cast<double>(correct) / static_cast<double>(images) : 0.0;
  }
};

nlohmann::ordered_json to_json(const BenchRecord& record);

/// A record without accuracy: what the file itself says of a subnet.
BenchRecord describe_subnet(const PackedModel& model, const PackedDescription& description,
                            const std::string& target, unsigned subnet);

/// Runs `images` through the record's subnet and adds accuracy, of a detector mean average precision; the
/// first `traced` images also give layer checksums.
Outputs add_accuracy(BenchRecord& record, Engine& engine, const EncodedImages& images, std::size_t traced,
                     const Progress& progress = {});

/// Of one inference of a subnet, operator by operator.
CycleEstimate estimate_cycles(const SubnetCost& cost, const NetworkDescription& network);

/// Adds instructions, layers and estimated cycles; with core_hz > 0, `cost` counts cycles of such a core.
void add_cost(BenchRecord& record, const PackedDescription& description, const SubnetCost& cost,
              std::uint32_t core_hz = 0);

/// Runs the images again on `reference` and compares every output, and every layer of the traced images.
/// Returns "" if all agree, else which subnet, image and layer is the first that differs.
std::string compare_with(Engine& reference, const Outputs& outputs, const PackedDescription& description,
                         unsigned subnet, const EncodedImages& images, const Progress& progress = {});

}  // namespace ns::deploy
