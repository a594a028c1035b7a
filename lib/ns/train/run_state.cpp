#include "ns/train/run_state.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "ns/base/json.h"
#include "ns/nested/gates.h"
#include "ns/nested/widths.h"

namespace ns::train {
namespace {

constexpr const char* kOptimizerPrefix = "optimizer.";
constexpr const char* kAveragePrefix = "average.";
constexpr const char* kTeacher = "teacher";
constexpr const char* kSampleWeights = "sample_weights";

// Paths have no place in a checkpoint: they say where, not what.
Json stored_config(const Recipe& recipe) {
  Recipe stored = recipe;
  stored.data_dir.clear();
  stored.graph = std::filesystem::path(recipe.graph).filename().string();
  return to_json(stored);
}

std::unique_ptr<nn::Optimizer> optimizer_of(const Recipe& recipe, std::vector<nn::Parameter>& parameters) {
  if (recipe.optimizer == "adam") {
    nn::AdamOptions options;
    options.beta1 = recipe.betas.at(0);
    options.beta2 = recipe.betas.at(1);
    options.weight_decay = recipe.weight_decay;
    return std::make_unique<nn::Adam>(parameters, options);
  }
  return std::make_unique<nn::Sgd>(parameters,
                                   nn::SgdOptions{recipe.momentum, recipe.weight_decay, recipe.nesterov});
}

// "optimizer.stem.conv.weight" for the momentum, "optimizer.stem.conv.weight.second_moment" for the rest.
std::string stored_name(const nn::Buffer& state) {
  const std::string momentum = ".momentum";
  return kOptimizerPrefix + (state.name.ends_with(momentum)
                                 ? state.name.substr(0, state.name.size() - momentum.size())
                                 : state.name);
}

std::string graph_text(const RunState& state) {
  return canonical_dump(nn::to_json(state.model.network().graph()));
}

void check_same_run(const checkpoint::Archive& archive, const checkpoint::Profile& profile,
                    const Recipe& recipe, const std::string& data_manifest_sha256, const RunState& state) {
  const Json config = stored_config(recipe);
  const Json stored = parse_json(profile.config, archive.origin + ": config");
  if (!stored.is_object()) {
    throw input_error(archive.origin + ": config: expected an object");
  }
  Json found = to_json(Recipe{});  // what an older version did not know had the default's meaning
  found.update(stored);
  for (const auto& [key, value] : config.items()) {
    if (found[key] != value) {
      throw usage_error(archive.origin + ": was interrupted with \"" + key + "\" " +
                            canonical_dump(found[key]) + ", but the recipe says " + canonical_dump(value),
                        "--resume continues the same run; --init starts another from its weights");
    }
  }
  const auto same = [&](const char* key, const std::string& what, const std::string& present) {
    const auto entry = archive.metadata.find(key);
    const std::string before = entry == archive.metadata.end() ? "" : entry->second;
    const auto text = [&](const std::string& sha256) {
      return sha256.empty() ? "no " + what : what + " " + sha256.substr(0, 12) + "…";
    };
    if (before != present) {
      throw usage_error(
          archive.origin + ": was interrupted with " + text(before) + ", found " + text(present),
          "resume with the files that the run began with");
    }
  };
  same(kTeacher, "teacher", state.teacher_sha256);
  same(kSampleWeights, "sample weights", state.sample_weights_sha256);
  if (profile.graph != graph_text(state)) {
    throw input_error(archive.origin + ": its network is not the one of the recipe");
  }
  if (profile.data_manifest_sha256 != data_manifest_sha256) {
    throw input_error(archive.origin + ": was trained on other data files (manifest " +
                      profile.data_manifest_sha256.substr(0, 12) + "…, found " +
                      data_manifest_sha256.substr(0, 12) + "…)");
  }
}

void restore(const checkpoint::Archive& archive, const std::string& name, Tensor& value) {
  Tensor stored = archive.tensor(name);
  if (stored.shape() != value.shape()) {
    throw input_error(archive.origin + ": tensor " + name + " is " + to_string(stored.shape()) +
                      ", expected " + to_string(value.shape()));
  }
  value = std::move(stored);
}

// Tensors of equal names and shapes can still belong to other strides, paddings or connections.
void check_same_graph(const checkpoint::Archive& archive, const checkpoint::Profile& profile,
                      const RunState& state) {
  const std::string where = archive.origin + ": graph";
  const nn::Graph theirs = nn::graph_from_json(parse_json(profile.graph, where));
  const nn::Graph& ours = state.model.network().graph();
  const std::string hint = "the checkpoint belongs to another architecture";
  for (std::size_t i = 0; i < std::min(theirs.layers.size(), ours.layers.size()); ++i) {
    if (theirs.layers[i] != ours.layers[i]) {
      throw input_error(
          where + ": layer " + theirs.layers[i].name + " is not the recipe's layer " + ours.layers[i].name,
          hint);
    }
  }
  if (theirs.input != ours.input || theirs.layers.size() != ours.layers.size()) {
    throw input_error(where + " is not that of the recipe", hint);
  }
}

void check_same_dense_layers(const checkpoint::Archive& archive, const Recipe& recipe,
                             const RunState& state) {
  const nn::Graph& graph = state.model.network().graph();
  const nested::Allocation pruned = nested::uniform_allocation(graph, recipe.dense_layers, recipe.sparsities);
  for (const nn::Layer& layer : graph.layers) {
    const bool here = state.model.levels().count(layer.name + ".weight") > 0;
    if (here != (pruned.count(layer.name) > 0)) {
      throw usage_error(archive.origin + ": layer " + layer.name + " is " + (here ? "pruned" : "dense") +
                            ", but the recipe's \"dense_layers\" say otherwise",
                        "its level maps stay, so let the recipe list the layers that it leaves dense");
    }
  }
}

}  // namespace

RunState::RunState(const Recipe& recipe, nn::Graph graph)
    : model(std::move(graph), recipe.subnets(), recipe.seed),
      optimizer(optimizer_of(recipe, model.network().parameters())),
      average(model.network(), recipe.weight_average),
      loss_sums(static_cast<std::size_t>(recipe.subnets()), 0.0) {
  if (recipe.slimmable()) {
    model.set_levels(nested::width_levels(model.network().graph(), recipe.widths));
  }
  if (recipe.gated()) {
    for (const nn::Layer& layer : model.network().graph().layers) {
      if (nested::predicts_saliency(model.network().graph(), layer)) {
        model.network().parameter(layer.name + ".bias").value.fill(1.0f);
      }
    }
  }
}

void spread_bank_0(RunState& state) {
  const auto spread = [](auto& items, auto name_of) {
    std::map<std::string, const Tensor*> first;
    for (const auto& item : items) {
      first[name_of(item)] = &item.value;
    }
    for (auto& item : items) {
      item.value = *first.at(nested::name_in_bank_0(name_of(item)));
    }
  };
  const auto own_name = [](const auto& item) { return item.name; };
  spread(state.model.network().parameters(), own_name);
  spread(state.model.network().buffers(), own_name);
  spread(state.optimizer->state(), [](const nn::Buffer& buffer) {
    const std::size_t dot = buffer.name.rfind('.');
    return buffer.name.substr(dot) + "/" + buffer.name.substr(0, dot);
  });
}

checkpoint::Archive model_archive(const RunState& state, const Recipe& recipe,
                                  const std::string& data_manifest_sha256) {
  checkpoint::Archive archive;
  checkpoint::Profile profile;
  profile.graph = graph_text(state);
  profile.config = canonical_dump(stored_config(recipe));
  profile.parents = state.parent_sha256s;
  profile.seed = recipe.seed;
  profile.data_manifest_sha256 = data_manifest_sha256;
  profile.banks = state.model.subnets();
  if (recipe.nested()) {
    profile.sparsities = recipe.sparsities;
    profile.block = block_width(recipe.block);
  } else if (recipe.slimmable()) {
    profile.widths = recipe.widths;
  }
  checkpoint::set_profile(archive, profile);
  if (!state.teacher_sha256.empty()) {
    archive.metadata[kTeacher] = state.teacher_sha256;
  }
  if (!state.sample_weights_sha256.empty()) {
    archive.metadata[kSampleWeights] = state.sample_weights_sha256;
  }
  nested::write_tensors(state.model, archive);
  return archive;
}

checkpoint::Archive resumable_archive(const RunState& state, const Recipe& recipe,
                                      const std::string& data_manifest_sha256) {
  checkpoint::Archive archive = model_archive(state, recipe, data_manifest_sha256);
  for (const nn::Buffer& buffer : state.optimizer->state()) {
    archive.arrays[stored_name(buffer)] = checkpoint::make_array(buffer.value);
  }
  if (state.average.steps > 0) {
    for (const nn::Buffer& buffer : state.average.state()) {
      archive.arrays[kAveragePrefix + buffer.name] = checkpoint::make_array(buffer.value);
    }
  }
  if (state.average.on()) {
    archive.arrays["progress.average_steps"] =
        checkpoint::make_array<std::int64_t>({1}, std::span(&state.average.steps, 1));
  }
  archive.arrays["progress.step"] = checkpoint::make_array<std::int64_t>({1}, std::span(&state.step, 1));
  archive.arrays["progress.loss_sums"] =
      checkpoint::make_array<double>({static_cast<std::int64_t>(state.loss_sums.size())}, state.loss_sums);
  if (recipe.nested()) {
    archive.metadata[nested::kLevelsFinal] = state.levels_final ? "true" : "false";
  }
  return archive;
}

void start_from(const checkpoint::Archive& archive, const std::string& sha256, const Recipe& recipe,
                RunState& state) {
  const checkpoint::Profile profile = checkpoint::profile_of(archive);
  state.parent_sha256s = {sha256};
  if (!profile.widths.empty()) {
    if (!recipe.slimmable() || profile.widths != recipe.widths) {
      throw usage_error(
          archive.origin + ": is slimmable with widths " + canonical_dump(profile.widths) +
              ", but the recipe's " +
              (recipe.slimmable() ? "are " + canonical_dump(recipe.widths) : "method is " + recipe.method),
          "--set method=slimmable --set widths=" + canonical_dump(profile.widths));
    }
    nested::read_tensors(archive, profile, state.model);
    check_same_graph(archive, profile, state);
    return;
  }
  if (recipe.gated()) {
    const std::vector<double> ratios = nested::gate_ratios_of(
        nn::graph_from_json(parse_json(profile.graph, archive.origin + ": graph"), archive.origin));
    if (ratios != recipe.gate_ratios) {
      throw usage_error(
          archive.origin + ": " +
              (ratios.empty() ? "has no gates" : "has gates of ratios " + canonical_dump(ratios)) +
              ", but the recipe's are gated with ratios " + canonical_dump(recipe.gate_ratios),
          "a gated run starts from a gated checkpoint of the same ratios, or from nothing");
    }
    nested::read_tensors(archive, profile, state.model);
    check_same_graph(archive, profile, state);
    return;
  }
  if (profile.sparsities.empty()) {
    nested::read_dense_tensors(archive, state.model);
    check_same_graph(archive, profile, state);
    return;
  }
  if (!recipe.nested()) {
    throw usage_error(archive.origin + ": is nested, but the recipe's method is " + recipe.method,
                      "--set method=nested");
  }
  const int width = block_width(recipe.block);
  if (profile.sparsities != recipe.sparsities || profile.block != width) {
    const std::string sparsities = canonical_dump(profile.sparsities), block = std::to_string(profile.block);
    throw usage_error(archive.origin + ": has sparsities " + sparsities + " in blocks 1x" + block +
                          ", but the recipe says " + canonical_dump(recipe.sparsities) + " in blocks " +
                          recipe.block,
                      "--set sparsities=" + sparsities + " --set block=1x" + block);
  }
  nested::read_tensors(archive, profile, state.model);
  check_same_graph(archive, profile, state);
  nested::require_final_levels(archive, state.model);
  check_same_dense_layers(archive, recipe, state);
  state.levels_final = true;
}

void resume_from(const checkpoint::Archive& archive, const Recipe& recipe,
                 const std::string& data_manifest_sha256, RunState& state) {
  const checkpoint::Profile profile = checkpoint::profile_of(archive);
  if (archive.arrays.count("progress.step") == 0) {
    throw input_error(archive.origin + ": is a finished model, not a resumable checkpoint",
                      "--init starts a run from its weights");
  }
  check_same_run(archive, profile, recipe, data_manifest_sha256, state);
  if (recipe.nested() && profile.block != block_width(recipe.block)) {
    throw input_error(archive.origin + ": its blocks are 1x" + std::to_string(profile.block) +
                      ", but its own recipe says " + recipe.block);
  }
  nested::read_tensors(archive, profile, state.model);
  for (nn::Buffer& buffer : state.optimizer->state()) {
    restore(archive, stored_name(buffer), buffer.value);
  }
  if (state.average.on()) {
    const auto seen = archive.values<std::int64_t>("progress.average_steps");
    if (seen.size() != 1 || seen[0] < 0) {
      throw input_error(archive.origin + ": progress.average_steps is damaged");
    }
    state.average.steps = seen[0];
    for (nn::Buffer& buffer : state.average.state()) {
      if (seen[0] > 0) restore(archive, kAveragePrefix + buffer.name, buffer.value);
    }
  }
  const auto steps = archive.values<std::int64_t>("progress.step");
  const auto loss_sums = archive.values<double>("progress.loss_sums");
  if (steps.size() != 1 || steps[0] < 0 || loss_sums.size() != state.loss_sums.size()) {
    throw input_error(archive.origin + ": progress.step or progress.loss_sums is damaged");
  }
  state.step = steps[0];
  state.optimizer->steps = state.step;
  state.loss_sums = loss_sums;
  state.levels_final = recipe.nested() && archive.meta(nested::kLevelsFinal) == "true";
  if (recipe.nested() && (state.levels_final || !state.model.levels().empty())) {
    check_same_dense_layers(archive, recipe, state);
  }
  state.parent_sha256s = profile.parents;
}

}  // namespace ns::train
