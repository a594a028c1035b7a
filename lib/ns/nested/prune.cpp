#include "ns/nested/prune.h"

#include <map>

#include "ns/base/version.h"
#include "ns/nested/gates.h"
#include "ns/nested/model.h"

namespace ns::nested {
namespace {

// The input's densest subnet in a network with one batch-norm bank per new subnet. What that subnet does not
// use is 0, whatever a checkpoint keeps there: it must not come back.
Model with_banks(const Model& from, int banks, std::uint64_t seed) {
  Model to(from.network().graph(), banks, seed);
  // Bank b of an input with N subnets is "layer@b"; its densest one is the last.
  const std::string densest = from.subnets() > 1 ? "@" + std::to_string(from.subnets() - 1) : "";
  const auto copy = [&](auto& items, const auto& sources) {
    std::map<std::string, const Tensor*> values;
    for (const auto& source : sources) {
      values[source.name] = &source.value;
    }
    for (auto& item : items) {
      const std::string plain = name_in_bank_0(item.name);
      const std::size_t dot = plain.rfind('.');
      const auto banked = values.find(plain.substr(0, dot) + densest + plain.substr(dot));
      item.value = banked != values.end() ? *banked->second : *values.at(plain);
    }
  };
  copy(to.network().parameters(), from.network().parameters());
  copy(to.network().buffers(), from.network().buffers());
  for (const auto& [name, map] : from.levels()) {
    Tensor& weights = to.network().parameter(name).value;
    const Tensor used = map.mask(from.subnets());
    for (std::int64_t i = 0; i < weights.size(); ++i) {
      weights[i] *= used[i];
    }
  }
  return to;
}

PruneReport report_of(const Model& model) {
  PruneReport report;
  report.total.layer = "total";
  report.total.kept.assign(static_cast<std::size_t>(model.subnets()), 0);
  for (const nn::Layer& layer : model.network().graph().layers) {
    for (const nn::Parameter& parameter : model.network().parameters()) {
      if (parameter.name != layer.name + ".weight" || layer.op == nn::Op::kBatchNorm) {
        continue;
      }
      LayerReport row{layer.name, parameter.value.size(), {}, false};
      const auto map = model.levels().find(parameter.name);
      row.pruned = map != model.levels().end();
      for (int subnet = 1; subnet <= model.subnets(); ++subnet) {
        row.kept.push_back(row.pruned ? map->second.kept_weights(subnet) : row.weights);
        report.total.kept[static_cast<std::size_t>(subnet - 1)] += row.kept.back();
      }
      report.total.weights += row.weights;
      report.total.pruned = report.total.pruned || row.pruned;
      report.layers.push_back(std::move(row));
    }
  }
  return report;
}

}  // namespace

Json to_json(const PruneReport& report) {
  const auto row = [](const LayerReport& layer) {
    Json sparsities = Json::array();
    for (const std::int64_t kept : layer.kept) {
      sparsities.push_back(layer.sparsity(kept));
    }
    return Json{{"layer", layer.layer},
                {"weights", layer.weights},
                {"kept_weights", layer.kept},
                {"sparsity", std::move(sparsities)},
                {"pruned", layer.pruned}};
  };
  Json layers = Json::array();
  for (const LayerReport& layer : report.layers) {
    layers.push_back(row(layer));
  }
  return {{"schema", "nestkit.prune/1"},
          {"tool", "ns-prune"},
          {"version", version()},
          {"layers", std::move(layers)},
          {"total", row(report.total)}};
}

Pruned prune(const checkpoint::Archive& input, const std::string& input_sha256, const PruneOptions& options) {
  checkpoint::Profile profile = checkpoint::profile_of(input);
  if (!profile.widths.empty()) {
    throw input_error(input.origin + ": is slimmable, expected a dense or nested checkpoint",
                      "ns-pack --width packs one of its widths");
  }
  const Model from = model_of(input);
  if (!gate_ratios_of(from.network().graph()).empty()) {
    throw input_error(input.origin + ": is gated, expected a dense or nested checkpoint",
                      "pruning knows no gates; ns-pack packs it as it is");
  }
  const Allocation allocation =
      uniform_allocation(from.network().graph(), options.dense_layers, options.sparsities);
  Model model = with_banks(from, static_cast<int>(options.sparsities.size()), profile.seed);
  model.set_levels(
      magnitude_levels(model.network(), allocation, options.block_width, 1.0, options.allocation));
  profile.parents = {input_sha256};
  profile.banks = model.subnets();
  profile.sparsities = options.sparsities;
  profile.block = options.block_width;
  Pruned pruned;
  checkpoint::set_profile(pruned.archive, profile);
  pruned.archive.metadata["pruning"] = canonical_dump({{"allocation", to_string(options.allocation.method)},
                                                       {"block", options.block_width},
                                                       {"cost_budget", options.allocation.budget},
                                                       {"dense_layers", options.dense_layers},
                                                       {"sparsities", options.sparsities}});
  write_tensors(model, pruned.archive);
  pruned.report = report_of(model);
  return pruned;
}

}  // namespace ns::nested
