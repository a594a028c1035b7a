#include <algorithm>

#include "info/artifact.h"
#include "ns/base/json.h"
#include "ns/checkpoint/profile.h"
#include "ns/checkpoint/safetensors.h"
#include "ns/report/table.h"
#ifdef NESTKIT_TRAINING
#include "ns/nested/model.h"
#endif

using ns::report::fixed;
using ns::report::grouped;
using ns::report::Table;

namespace {

// Fraction of blocks that subnet k = 1…N of a level map keeps, "0.10 0.20 0.30".
std::string kept_by_subnet(const ns::checkpoint::Array& levels, int subnets) {
  std::string text;
  for (int k = 1; k <= subnets; ++k) {
    const auto kept = std::count_if(levels.bytes.begin(), levels.bytes.end(),
                                    [k](std::uint8_t level) { return level > 0 && level <= k; });
    text +=
        (k > 1 ? " " : "") + fixed(static_cast<double>(kept) / static_cast<double>(levels.bytes.size()), 2);
  }
  return text;
}

// Shares of channels that the gates of a float graph keep, the most first (docs/format/graph.md). Read as
// JSON: builds without training have no graphs.
std::vector<double> gate_ratios(const nlohmann::json& graph) {
  std::vector<double> ratios;
  if (!graph.is_object() || !graph.contains("layers")) return ratios;
  for (const nlohmann::json& layer : graph["layers"]) {
    if (!layer.is_object() || !layer.contains("keep") || !layer["keep"].is_array()) continue;
    for (const nlohmann::json& share : layer["keep"])
      if (share.is_number()) ratios.insert(ratios.begin(), share.get<double>());
    if (!ratios.empty()) break;
  }
  return ratios;
}

}  // namespace

Artifact read_checkpoint_artifact(const std::string& path) {
  const ns::checkpoint::Archive archive = ns::checkpoint::read_safetensors(path);
  const bool ours = archive.metadata.count("schema") > 0;
  Artifact artifact;
  artifact.json = {{"kind", ours ? "checkpoint" : "safetensors"}, {"tensors", nlohmann::json::array()}};
  int subnets = 1;
  artifact.text = path + ": " + (ours ? "checkpoint" : "safetensors file of another program");
  if (ours) {
#ifdef NESTKIT_TRAINING
    ns::nested::unfinished_model_of(archive);  // throws unless the tensors are those of the network
#endif
    const ns::checkpoint::Profile profile = ns::checkpoint::profile_of(archive);
    subnets = profile.banks;
    const std::vector<double> ratios = gate_ratios(ns::parse_json(profile.graph, path + ": graph"));
    artifact.json.update({{"graph", ns::parse_json(profile.graph, path + ": graph")},
                          {"config", ns::parse_json(profile.config, path + ": config")},
                          {"parents", profile.parents},
                          {"seed", profile.seed},
                          {"data_manifest_sha256", profile.data_manifest_sha256},
                          {"banks", profile.banks},
                          {"sparsities", profile.sparsities},
                          {"widths", profile.widths},
                          {"gate_ratios", ratios},
                          {"block", profile.block}});
    artifact.text += " of " + artifact.json["graph"].value("name", std::string("?")) +
                     (!profile.widths.empty()       ? ", slimmable"
                      : !profile.sparsities.empty() ? ", nested"
                      : !ratios.empty()             ? ", gated"
                                                    : ", dense") +
                     ", seed " + std::to_string(profile.seed);
    for (const double sparsity : profile.sparsities) artifact.text += ", " + fixed(100 * sparsity, 0) + " %";
    for (const double ratio : ratios) artifact.text += ", gate ratio " + ns::canonical_dump(ratio);
    for (const double width : profile.widths) artifact.text += ", width " + ns::canonical_dump(width);
  }
  artifact.text += "\n\n";
  Table table({{"tensor", Table::Align::kLeft},
               {"type", Table::Align::kLeft},
               {"shape", Table::Align::kLeft},
               {"bytes"},
               {"kept by subnet", Table::Align::kLeft}});
  for (const auto& [name, array] : archive.arrays) {
    artifact.json["tensors"].push_back({{"name", name},
                                        {"dtype", ns::checkpoint::dtype_name(array.dtype)},
                                        {"shape", array.shape},
                                        {"bytes", array.bytes.size()}});
    const bool is_level_map = name.ends_with(".level");
    table.row({name, ns::checkpoint::dtype_name(array.dtype), ns::to_string(array.shape),
               grouped(static_cast<std::int64_t>(array.bytes.size())),
               is_level_map ? kept_by_subnet(array, subnets) : ""});
  }
  artifact.text += table.text();
  return artifact;
}
