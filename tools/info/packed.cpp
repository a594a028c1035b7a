#include <algorithm>
#include <cmath>
#include <set>

#include "info/artifact.h"
#include "ns/deploy/host_engine.h"
#include "ns/deploy/packed_description.h"
#include "ns/report/table.h"

using ns::report::fixed;
using ns::report::grouped;
using ns::report::Table;

namespace {

// Weights and MACs of the densest subnet, of layers whose weights have one bit or eight.
struct Kind {
  std::uint64_t weights = 0, bytes = 0, macs = 0;
  nlohmann::json json() const { return {{"weights", weights}, {"bytes", bytes}, {"macs", macs}}; }
  std::string text() const {
    return grouped(static_cast<std::int64_t>(weights)) + " (" + grouped(static_cast<std::int64_t>(bytes)) +
           " bytes, " + grouped(static_cast<std::int64_t>(macs)) + " MACs)";
  }
};
Kind total(const ns::deploy::NetworkDescription& network, bool binary) {
  Kind kind;
  for (const auto& op : network.operators) {
    if (op.binary != binary) continue;
    kind.weights += op.weights.back();
    kind.bytes += op.weight_bytes;
    kind.macs += op.macs.back();
  }
  return kind;
}

nlohmann::json to_json(const ns::deploy::DetectorDescription& detector) {
  nlohmann::json scales = nlohmann::json::array();
  for (const auto& scale : detector.scales)
    scales.push_back(
        {{"scores", scale.scores}, {"boxes", scale.boxes}, {"grid", scale.grid}, {"sizes", scale.sizes}});
  return {{"scales", scales},
          {"candidates", detector.candidates},
          {"least_score", detector.least_score},
          {"most_overlap", detector.most_overlap}};
}

std::string to_text(const ns::deploy::DetectorDescription& detector) {
  using Align = Table::Align;
  Table table({{"scores", Align::kLeft},
               {"boxes", Align::kLeft},
               {"grid"},
               {"default boxes, width x height of the image's", Align::kLeft}});
  for (const auto& scale : detector.scales) {
    std::string sizes;
    for (const auto& [w, h] : scale.sizes)
      sizes += (sizes.empty() ? "" : ", ") + fixed(w, 3) + " x " + fixed(h, 3);
    table.row({scale.scores, scale.boxes, scale.grid, sizes});
  }
  return "detector: candidates of a score of " + fixed(detector.least_score, 3) + " and more, the best " +
         std::to_string(detector.candidates) + "; of boxes of a class that overlap by more than " +
         fixed(detector.most_overlap, 2) + " the better stays\n\n" + table.text();
}

nlohmann::json to_json(const ns::deploy::NetworkDescription& network) {
  nlohmann::json subnets = nlohmann::json::array(), operators = nlohmann::json::array();
  for (const auto& subnet : network.subnets) {
    subnets.push_back({{"subnet", subnets.size() + 1},
                       {"sparsity", subnet.sparsity},
                       {"macs", subnet.macs},
                       {"kept_weights", subnet.kept_weights}});
  }
  for (const auto& op : network.operators) {
    operators.push_back({{"name", op.name},
                         {"kind", op.kind},
                         {"encoding", op.encoding},
                         {"kernel", op.kernel},
                         {"output", op.output},
                         {"weight_bytes", op.weight_bytes},
                         {"entropy_bound_bytes", op.entropy_bound_bytes},
                         {"requant_bytes", op.requant_bytes},
                         {"scratch_bytes", op.scratch_bytes},
                         {"output_offset", op.output_offset},
                         {"scratch_offset", op.scratch_offset},
                         {"macs", op.macs}});
  }
  nlohmann::json json = {{"name", network.name},
                         {"classes", network.classes},
                         {"input", network.input},
                         {"output", network.output},
                         {"input_scale", network.input_scale},
                         {"input_zero_point", network.input_zero_point},
                         {"arena_bytes", network.arena_bytes},
                         {"int8", total(network, false).json()},
                         {"one_bit", total(network, true).json()},
                         {"subnets", subnets},
                         {"operators", operators}};
  if (network.detector) json["detector"] = to_json(*network.detector);
  return json;
}

std::string to_text(const ns::deploy::NetworkDescription& network) {
  std::string text = "\nnetwork " + network.name + ": input " + network.input + ", output " + network.output +
                     ", arena " + grouped(network.arena_bytes) + " bytes\n";
  if (const Kind binary = total(network, true); binary.weights != 0)
    text += "1-bit weights " + binary.text() + ", int8 weights " + total(network, false).text() + "\n";
  text += "\n";
  Table subnets({{"subnet"}, {"sparsity"}, {"MACs"}, {"kept weights"}});
  for (std::size_t k = 0; k < network.subnets.size(); ++k) {
    const auto& subnet = network.subnets[k];
    subnets.row({std::to_string(k + 1), fixed(subnet.sparsity, 2), grouped(subnet.macs),
                 grouped(subnet.kept_weights)});
  }
  text += subnets.text() + "\n";
  using Align = Table::Align;
  Table operators({{"layer", Align::kLeft},
                   {"kind", Align::kLeft},
                   {"weights", Align::kLeft},
                   {"output", Align::kLeft},
                   {"weight bytes"},
                   {"bound"},
                   {"table bytes"},
                   {"scratch bytes"},
                   {"output at"},
                   {"scratch at"}});
  double bytes = 0, bound = 0;
  for (const auto& op : network.operators) {
    operators.row({op.name, op.kind, op.encoding, op.output, grouped(op.weight_bytes),
                   grouped(std::llround(op.entropy_bound_bytes)), grouped(op.requant_bytes),
                   grouped(op.scratch_bytes), grouped(op.output_offset),
                   op.scratch_bytes > 0 ? grouped(op.scratch_offset) : ""});
    bytes += op.weight_bytes;
    bound += op.entropy_bound_bytes;
  }
  text += network.detector ? to_text(*network.detector) + "\n" : "";
  return text + operators.text() +
         "\nbound: weight bytes if indices took no more than the entropy of the level map and weights a byte "
         "each\n(this file's weights take " +
         fixed(bytes / std::max(bound, 1.0), 3) + " of that); at: bytes from the arena's begin\n";
}

nlohmann::json to_json(const ns::deploy::RuleDescription& rule) {
  nlohmann::json stages = nlohmann::json::array(), thresholds = nlohmann::json::array();
  for (const auto& stage : rule.stages) {
    stages.push_back({{"network", stage.network},
                      {"subnet", stage.subnet},
                      {"view", stage.view},
                      {"weight", stage.weight}});
  }
  for (const auto& row : rule.thresholds) {
    nlohmann::json& list = thresholds.emplace_back(nlohmann::json::array());
    for (const auto& threshold : row)
      list.push_back(threshold ? nlohmann::json(*threshold) : nlohmann::json());
  }
  return {{"stages", stages},
          {"aggregate", rule.aggregate},
          {"confidence", rule.confidence},
          {"min_passes", rule.min_passes},
          {"thresholds", thresholds}};
}

std::string to_text(const ns::deploy::RuleDescription& rule, const ns::deploy::PackedDescription& model) {
  std::string text = "\ncooperative: stops when " + rule.confidence + " of the aggregate (" + rule.aggregate +
                     ") reaches the threshold of its answer\n\n";
  using Align = Table::Align;
  Table table({{"stage"},
               {"network"},
               {"name", Align::kLeft},
               {"subnet"},
               {"view", Align::kLeft},
               {"weight"},
               {"thresholds", Align::kLeft}});
  for (std::size_t i = 0; i < rule.stages.size(); ++i) {
    const auto& stage = rule.stages[i];
    std::string thresholds;
    for (const auto& threshold : rule.thresholds[i % rule.thresholds.size()])
      thresholds += (thresholds.empty() ? "" : " ") + (threshold ? fixed(*threshold, 4) : "never");
    if (i + 1 < rule.min_passes) thresholds = "always goes on";
    if (i + 1 == rule.stages.size()) thresholds = "last";
    table.row({std::to_string(i + 1), std::to_string(stage.network), model.networks[stage.network].name,
               std::to_string(stage.subnet), stage.view, std::to_string(stage.weight), thresholds});
  }
  return text + table.text();
}

}  // namespace

std::string kernel_source(const std::vector<std::string>& paths) {
  std::set<std::string> kernels;
  for (const std::string& path : paths) {
    for (const auto& network : describe(ns::deploy::PackedModel(path)).networks)
      for (const auto& op : network.operators) kernels.insert(op.kernel);
  }
  std::string text =
      "/* By ns-info --kernels: what a firmware has to link for its packed models. */\n"
      "#include <nsrt/kernels.h>\n#include <stddef.h>\n\n"
      "const nsrt_kernel* const nsrt_kernels[] = {";
  for (const std::string& kernel : kernels) text += "\n    &nsrt_kernel_" + kernel + ",";
  return text + "\n    NULL};\n";
}

Artifact read_packed_artifact(const std::string& path) {
  const ns::deploy::PackedModel model(path);
  ns::deploy::self_test(model);
  const ns::deploy::PackedDescription description = describe(model);
  Artifact artifact;
  artifact.json = {{"kind", "packed model"},
                   {"bytes", description.bytes},
                   {"tool_version", description.tool_version},
                   {"parents", description.parents},
                   {"seed", description.seed},
                   {"data_manifest_sha256", description.data_manifest_sha256},
                   {"config", nlohmann::json::parse(description.config)},
                   {"packing", nlohmann::json::parse(description.packing)},
                   {"networks", nlohmann::json::array()},
                   {"sections", nlohmann::json::array()}};
  artifact.text = path + ": packed model, " + grouped(description.bytes) + " bytes, written by nestkit " +
                  description.tool_version + "; checks and self-test passed\n";
  for (const auto& parent : description.parents)
    artifact.text +=
        (description.rule ? "put together from packed model sha256 " : "packed from checkpoint sha256 ") +
        parent + "\n";
  if (description.rule) {
    artifact.json["rule"] = to_json(*description.rule);
    artifact.text += to_text(*description.rule, description);
  }
  for (const auto& network : description.networks) {
    artifact.json["networks"].push_back(to_json(network));
    artifact.text += to_text(network);
  }
  Table sections({{"section", Table::Align::kLeft}, {"offset"}, {"bytes"}});
  for (const auto& section : description.sections) {
    artifact.json["sections"].push_back({{"type", section.type},
                                         {"network", section.network},
                                         {"offset", section.offset},
                                         {"bytes", section.bytes}});
    sections.row({section.type, grouped(section.offset), grouped(section.bytes)});
  }
  artifact.text += "\n" + sections.text();
  return artifact;
}
