#include "ns/nested/model.h"

#include <algorithm>

#include "ns/base/json.h"
#include "ns/nested/gates.h"
#include "ns/nested/widths.h"

namespace ns::nested {
namespace {

constexpr const char* kLevelSuffix = ".level";

void require_shape(const checkpoint::Archive& archive, const std::string& name, const Shape& expected,
                   const Shape& found) {
  if (found != expected) {
    throw input_error(archive.origin + ": tensor " + name + " of the network is " + ns::to_string(expected) +
                          ", found " + ns::to_string(found),
                      "the checkpoint belongs to another architecture");
  }
}

Tensor checked_tensor(const checkpoint::Archive& archive, const std::string& name, const Shape& shape) {
  Tensor tensor = archive.tensor(name);
  require_shape(archive, name, shape, tensor.shape());
  return tensor;
}

/// A graph of a few hundred bytes can ask for any amount of memory: it gets none before the file has shown
/// that it holds the weights.
void require_weights(const checkpoint::Archive& archive, const nn::Graph& graph) {
  const std::vector<ImageShape> shapes = graph.infer_shapes();
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Shape expected = graph.weight_shape(i, shapes);
    if (expected.empty()) {
      continue;
    }
    const std::string name = graph.layers[i].name + ".weight";
    const auto found = archive.arrays.find(name);
    if (found == archive.arrays.end()) {
      throw input_error(archive.origin + ": tensor " + name + " of the network is missing");
    }
    require_shape(archive, name, expected, found->second.shape);
  }
}

LevelMaps level_maps_of(const checkpoint::Archive& archive, int block_width, const Model& model) {
  LevelMaps levels;
  for (const nn::Parameter& parameter : model.network().parameters()) {
    const std::string name = parameter.name + kLevelSuffix;
    const auto found = archive.arrays.find(name);
    if (found == archive.arrays.end()) {
      continue;
    }
    try {
      const BlockGrid grid(parameter.value.shape(), block_width);
      if (found->second.shape != grid.shape()) {
        throw input_error("expected " + ns::to_string(grid.shape()) + ", found " +
                          ns::to_string(found->second.shape));
      }
      levels.emplace(parameter.name, LevelMap(grid, model.subnets(), archive.values<std::uint8_t>(name)));
    } catch (const Error& error) {
      throw input_error(archive.origin + ": tensor " + name + ": " + error.what());
    }
  }
  // A misspelt level map would leave its layer dense without a word.
  for (const auto& [name, array] : archive.arrays) {
    if (name.ends_with(kLevelSuffix) &&
        levels.count(name.substr(0, name.size() - std::string_view(kLevelSuffix).size())) == 0) {
      throw input_error(archive.origin + ": level map " + name + " belongs to no weights of the network");
    }
  }
  return levels;
}

void check_maps_of_widths(const checkpoint::Archive& archive, const std::vector<double>& widths,
                          const nn::Graph& graph, const LevelMaps& found) {
  LevelMaps expected;
  try {
    expected = width_levels(graph, widths);
  } catch (const Error& error) {
    throw input_error(archive.origin + ": " + error.what());
  }
  for (const auto& [name, map] : expected) {
    const auto same = found.find(name);
    if (same == found.end() || !(same->second == map)) {
      throw input_error(archive.origin + ": tensor " + name + kLevelSuffix +
                        (same == found.end() ? " is missing" : " is not the one of the widths"));
    }
  }
  if (found.size() > expected.size()) {
    throw input_error(archive.origin + ": has level maps of layers that all widths share");
  }
}

}  // namespace

void Model::set_levels(LevelMaps levels) {
  for (const auto& [name, map] : levels) {
    if (network_.parameter(name).value.shape() != map.grid().weight_shape() || map.subnets() != subnets()) {
      throw internal_error("level map of " + name + " does not fit the network");
    }
  }
  clear_masks(network_);
  levels_ = std::move(levels);
  masks_ = SubnetMasks(levels_);
}

void write_tensors(const Model& model, checkpoint::Archive& archive) {
  for (const nn::Parameter& parameter : model.network().parameters()) {
    archive.arrays[parameter.name] = checkpoint::make_array(parameter.value);
  }
  for (const nn::Buffer& buffer : model.network().buffers()) {
    archive.arrays[buffer.name] = checkpoint::make_array(buffer.value);
  }
  for (const auto& [name, map] : model.levels()) {
    archive.arrays[name + kLevelSuffix] =
        checkpoint::make_array<std::uint8_t>(map.grid().shape(), map.levels());
  }
}

void read_tensors(const checkpoint::Archive& archive, const checkpoint::Profile& profile, Model& model) {
  for (nn::Parameter& parameter : model.network().parameters()) {
    parameter.value = checked_tensor(archive, parameter.name, parameter.value.shape());
  }
  for (nn::Buffer& buffer : model.network().buffers()) {
    buffer.value = checked_tensor(archive, buffer.name, buffer.value.shape());
  }
  LevelMaps levels = level_maps_of(archive, profile.block, model);
  if (!profile.widths.empty()) {
    check_maps_of_widths(archive, profile.widths, model.network().graph(), levels);
  }
  model.set_levels(std::move(levels));
}

void require_final_levels(const checkpoint::Archive& archive, const Model& model) {
  const char* hint = "a resumable checkpoint of an unfinished run is continued with ns-train --resume";
  if (model.levels().empty()) {
    throw input_error(archive.origin + ": has sparsities but no level map", hint);
  }
  const auto final = archive.metadata.find(kLevelsFinal);
  if (final != archive.metadata.end() && final->second != "true") {
    throw input_error(archive.origin + ": its pruning is still under way", hint);
  }
}

void read_dense_tensors(const checkpoint::Archive& archive, Model& model) {
  for (nn::Parameter& parameter : model.network().parameters()) {
    parameter.value = checked_tensor(archive, name_in_bank_0(parameter.name), parameter.value.shape());
  }
  for (nn::Buffer& buffer : model.network().buffers()) {
    buffer.value = checked_tensor(archive, name_in_bank_0(buffer.name), buffer.value.shape());
  }
}

std::string name_in_bank_0(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  const std::size_t at = name.rfind('@', dot);
  if (dot == std::string::npos || at == std::string::npos || at + 1 == dot ||
      name.find_first_not_of("0123456789", at + 1) != dot) {
    return name;
  }
  return name.substr(0, at) + name.substr(dot);
}

std::vector<int> banks_of_parameters(const nn::Network& network) {
  std::map<std::string, int> banks;
  for (const nn::Layer& layer : network.graph().layers) {
    if (layer.op != nn::Op::kBatchNorm) {
      continue;
    }
    for (int bank = 0; bank < network.banks(); ++bank) {
      const std::string prefix = layer.name + (bank == 0 ? "" : "@" + std::to_string(bank));
      banks[prefix + ".weight"] = banks[prefix + ".bias"] = bank;
    }
  }
  std::vector<int> result;
  for (const nn::Parameter& parameter : network.parameters()) {
    const auto found = banks.find(parameter.name);
    result.push_back(found == banks.end() ? -1 : found->second);
  }
  return result;
}

Model unfinished_model_of(const checkpoint::Archive& archive) {
  const checkpoint::Profile profile = checkpoint::profile_of(archive);
  const auto subnets = static_cast<int>(profile.sparsities.size() + profile.widths.size());
  nn::Graph graph =
      nn::graph_from_json(parse_json(profile.graph, archive.origin + ": graph"), archive.origin);
  const auto ratios = subnets == 0 ? static_cast<int>(gate_ratios_of(graph).size()) : 0;
  const int expected = std::max({subnets, ratios, 1});
  if (profile.banks > kMaxSubnets || profile.banks != expected) {
    throw input_error(archive.origin + ": banks is " + std::to_string(profile.banks) + ", expected " +
                      std::to_string(expected) + " for " + std::to_string(ratios > 0 ? ratios : subnets) +
                      (ratios > 0               ? " gate ratios"
                       : profile.widths.empty() ? " sparsities"
                                                : " widths"));
  }
  require_weights(archive, graph);
  Model model(std::move(graph), profile.banks, profile.seed);
  read_tensors(archive, profile, model);
  if (subnets == 0 && !model.levels().empty()) {
    throw input_error(archive.origin + ": has level maps but no sparsities");
  }
  return model;
}

Model model_of(const checkpoint::Archive& archive) {
  Model model = unfinished_model_of(archive);
  if (const checkpoint::Profile profile = checkpoint::profile_of(archive);
      !profile.sparsities.empty() || !profile.widths.empty()) {
    require_final_levels(archive, model);
  }
  return model;
}

}  // namespace ns::nested
