#include "ns/deploy/benchmark.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "ns/base/error.h"
#include "ns/base/version.h"
#include "ns/deploy/detections.h"
#include "ns/deploy/planar_input.h"
#include "ns/metrics/interval.h"

namespace ns::deploy {

EncodedImages encode_images(const data::Dataset& dataset, const PackedModel& model, std::size_t count,
                            unsigned network) {
  const nsrt_network_info& net = model.network(network);
  const ImageShape& shape = dataset.shape;
  const nsrt_detector* const detector = model.detector(network);
  if ((detector != nullptr) != dataset.has_boxes()) {
    throw input_error(model.path() + ": is " + (detector != nullptr ? "a detector" : "a classifier") +
                          ", and " + dataset.name + (dataset.has_boxes() ? " has boxes" : " has no boxes"),
                      "choose the data set it was trained on with --data");
  }
  if (shape.h != net.input.h || shape.w != net.input.w || shape.c != net.input.c) {
    throw input_error(model.path() + ": takes images of " + std::to_string(net.input.h) + "x" +
                      std::to_string(net.input.w) + "x" + std::to_string(net.input.c) + ", " + dataset.name +
                      " has " + std::to_string(shape.h) + "x" + std::to_string(shape.w) + "x" +
                      std::to_string(shape.c));
  }
  const std::size_t classes = detector != nullptr ? detector->classes : net.output.c;
  if (dataset.classes.size() != classes) {
    throw input_error(model.path() + ": has " + std::to_string(classes) + " classes, " + dataset.name +
                      " has " + std::to_string(dataset.classes.size()));
  }
  if (net.input_zero_point != dataset.normalisation.mean_pixel - 128 ||
      net.input_scale != dataset.normalisation.scale) {
    throw input_error(model.path() + ": was trained with another normalisation than that of " + dataset.name,
                      "choose the data set it was trained on with --data");
  }
  if (dataset.size() == 0) throw input_error(dataset.name + ": no images");
  EncodedImages images;
  const std::size_t n = count == 0 ? dataset.size() : std::min(count, dataset.size());
  const std::size_t bytes = static_cast<std::size_t>(shape.size());
  images.inputs.resize(n * bytes);
  images.labels.assign(dataset.labels.begin(), dataset.labels.begin() + static_cast<std::ptrdiff_t>(n));
  images.manifest_sha256 = dataset.manifest_sha256;
  images.classes = dataset.classes;
  for (const detect::Truth& truth : dataset.truths)
    if (truth.image < static_cast<int>(n)) images.truths.push_back(truth);
  for (std::size_t i = 0; i < n; ++i) {
    planar_input(dataset.image(i), static_cast<std::size_t>(shape.h), static_cast<std::size_t>(shape.w),
                 static_cast<std::size_t>(shape.c), std::span(images.inputs).subspan(i * bytes, bytes));
  }
  return images;
}

BenchRecord describe_subnet(const PackedModel& model, const PackedDescription& description,
                            const std::string& target, unsigned subnet) {
  const NetworkDescription& network = description.networks.front();
  const SubnetDescription& described = network.subnets.at(subnet - 1);
  BenchRecord record;
  record.target = target;
  record.model = model.path();
  record.network = network.name;
  record.flash_bytes = description.bytes;
  record.arena_bytes = network.arena_bytes;
  record.subnet = subnet;
  record.subnets = static_cast<unsigned>(network.subnets.size());
  record.sparsity = described.sparsity;
  record.macs = described.macs;
  record.kept_weights = described.kept_weights;
  return record;
}

Outputs add_accuracy(BenchRecord& record, Engine& engine, const EncodedImages& images, std::size_t traced,
                     const Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  Outputs outputs = engine.run({0, record.subnet, images.inputs, std::min(traced, images.size())}, progress);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  record.data_manifest_sha256 = images.manifest_sha256;
  record.images = images.size();
  if (engine.model().detector(0) != nullptr) {
    const std::vector<detect::Detection> found = detections(engine.model(), 0, outputs);
    const int classes = static_cast<int>(images.classes.size());
    record.classes = images.classes;
    record.map = metrics::mean_average_precision(found, images.truths, classes);
    record.map_coco = metrics::coco_mean_average_precision(found, images.truths, classes).mean;
  } else {
    const std::vector<unsigned> predictions = outputs.predictions();
    record.correct = 0;
    for (std::size_t i = 0; i < images.size(); ++i) {
      record.correct += predictions[i] == static_cast<unsigned>(images.labels[i]);
    }
  }
  if (record.target == "host" && seconds > 0)
    record.images_per_second = static_cast<double>(images.size()) / seconds;
  return outputs;
}

double BenchRecord::outside_sparse_share() const {
  std::uint64_t all = 0, outside = 0;
  for (const LayerCost& layer : layers) {
    all += layer.count;
    if (!layer.sparse) outside += layer.count;
  }
  return all == 0 ? 0.0 : static_cast<double>(outside) / static_cast<double>(all);
}

CycleEstimate estimate_cycles(const SubnetCost& cost, const NetworkDescription& network) {
  CycleEstimate sum = estimate_cycles(cost.detection, "detections");
  for (std::size_t i = 0; i < cost.operators.size(); ++i)
    sum += estimate_cycles(cost.operators[i], network.operators.at(i).kind);
  return sum;
}

void add_cost(BenchRecord& record, const PackedDescription& description, const SubnetCost& cost,
              std::uint32_t core_hz) {
  const NetworkDescription& network = description.networks.front();
  record.core_hz = core_hz;
  record.stack_bytes = cost.stack_bytes;
  if (core_hz > 0) {
    record.measured_cycles = cost.total + cost.detection;
  } else {
    record.instructions = cost.total + cost.detection;
  }
  record.cycles = core_hz == 0 ? estimate_cycles(cost, network) : CycleEstimate{};
  for (std::size_t i = 0; i < cost.operators.size(); ++i) {
    const OperatorDescription& op = network.operators.at(i);
    record.layers.push_back({op.name, op.kind, cost.operators[i], op.macs.at(record.subnet - 1),
                             op.encoding.starts_with("nested")});
  }
  if (cost.detection > 0) record.layers.push_back({"detections", "decode, suppress", cost.detection, 0});
}

std::string compare_with(Engine& reference, const Outputs& outputs, const PackedDescription& description,
                         unsigned subnet, const EncodedImages& images, const Progress& progress) {
  const Outputs expected = reference.run({0, subnet, images.inputs, outputs.traced()}, progress);
  const auto difference = first_difference(expected, outputs);
  if (!difference) return "";
  const std::string where = difference->op
                                ? "layer " + description.networks.front().operators.at(*difference->op).name
                                : "the output";
  return "subnet " + std::to_string(subnet) + ", image " + std::to_string(difference->image) + ": " + where +
         " is the first that differs from the host's";
}

namespace {

nlohmann::ordered_json layers_json(const BenchRecord& record, const char* counted) {
  auto layers = nlohmann::ordered_json::array();
  for (const LayerCost& layer : record.layers) {
    layers.push_back({{"name", layer.name},
                      {"kind", layer.kind},
                      {counted, layer.count},
                      {"macs", layer.macs},
                      {"sparse", layer.sparse}});
  }
  return layers;
}

}  // namespace

nlohmann::ordered_json to_json(const BenchRecord& record) {
  nlohmann::ordered_json json = {{"schema", "nestkit.bench/1"},
                                 {"tool", "ns-bench"},
                                 {"version", version()},
                                 {"target", record.target},
                                 {"model", record.model},
                                 {"artifact_sha256", record.artifact_sha256},
                                 {"network", record.network},
                                 {"subnet", record.subnet},
                                 {"subnets", record.subnets},
                                 {"sparsity", record.sparsity},
                                 {"macs", record.macs},
                                 {"kept_weights", record.kept_weights},
                                 {"flash_bytes", record.flash_bytes},
                                 {"arena_bytes", record.arena_bytes}};
  if (record.stack_bytes > 0) json["stack_bytes"] = record.stack_bytes;
  if (!record.board.empty()) json["board"] = record.board;
  if (record.map) {
    const auto number = [](double value) {
      return std::isnan(value) ? nlohmann::ordered_json() : nlohmann::ordered_json(value);
    };
    json["data_manifest_sha256"] = record.data_manifest_sha256;
    json["images"] = record.images;
    if (record.excluded_images > 0) json["excluded_images"] = record.excluded_images;
    json["map"] = number(record.map->mean);
    json["map_coco"] = number(*record.map_coco);
    json["per_class"] = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < record.classes.size(); ++i)
      json["per_class"][record.classes[i]] = number(record.map->per_class[i]);
  } else if (record.images > 0) {
    const metrics::Interval interval = metrics::wilson95(static_cast<std::int64_t>(record.correct),
                                                         static_cast<std::int64_t>(record.images));
    json["data_manifest_sha256"] = record.data_manifest_sha256;
    json["images"] = record.images;
    if (record.excluded_images > 0) json["excluded_images"] = record.excluded_images;
    json["correct"] = record.correct;
    json["accuracy_top1"] = record.accuracy();
    json["accuracy_low"] = interval.low;
    json["accuracy_high"] = interval.high;
  } else {
    json["accuracy_top1"] = nullptr;
    json["accuracy_top1_reason"] = "not measured: --cost-only";
  }
  if (record.images_per_second) json["images_per_second"] = *record.images_per_second;
  if (record.instructions) {
    json["instructions"] = *record.instructions;
    json["cycles_low"] = std::llround(record.cycles.low);
    json["cycles_estimate"] = std::llround(record.cycles.mid);
    json["cycles_high"] = std::llround(record.cycles.high);
    json["cycles_note"] = kCycleEstimateNote;
    if (record.stages.empty()) json["layers"] = layers_json(record, "instructions");
  } else {
    json["instructions"] = nullptr;
    json["instructions_reason"] = !record.stages.empty() && record.target == "emulator"
                                      ? "a mean over images: --cost-only runs none"
                                  : record.measured_cycles   ? "a board's core counts cycles"
                                  : record.target == "board" ? "this board counts nothing"
                                                             : "counted on the emulator target only";
  }
  if (record.measured_cycles) {
    json["cycles"] = *record.measured_cycles;
    json["core_hz"] = record.core_hz;
    json["latency_us"] = static_cast<double>(*record.measured_cycles) / record.core_hz * 1e6;
    json["layers"] = layers_json(record, "cycles");
  }
  if (record.stages.empty() && !record.layers.empty())
    json["outside_sparse_share"] = record.outside_sparse_share();
  if (record.identical) {
    json["verified_images"] = record.verified_images;
    json["identical"] = *record.identical;
  }
  if (!record.stages.empty()) {
    json["stages"] = nlohmann::ordered_json::array();
    for (const StageRecord& stage : record.stages) {
      json["stages"].push_back(
          {{"network", stage.network}, {"subnet", stage.subnet}, {"reached", stage.reached}});
      if (stage.instructions) json["stages"].back()["instructions"] = *stage.instructions;
    }
    if (record.worst_instructions) json["worst_instructions"] = *record.worst_instructions;
  }
  if (record.float_accuracy) json[record.map ? "float_map" : "float_accuracy_top1"] = *record.float_accuracy;
  return json;
}

}  // namespace ns::deploy
