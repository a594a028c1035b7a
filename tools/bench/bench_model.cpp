#include "bench/bench_model.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "bench/float_accuracy.h"
#include "common/progress.h"
#include "common/stop_signal.h"
#include "ns/base/json.h"
#include "ns/base/sha256.h"
#include "ns/deploy/host_engine.h"

using ns::deploy::BenchRecord;

namespace {

ns::deploy::EncodedImages first_images(const ns::deploy::EncodedImages& all, std::size_t count) {
  if (count == 0 || count >= all.size()) return all;
  ns::deploy::EncodedImages some = all;
  some.inputs.resize(all.inputs.size() / all.size() * count);
  some.labels.resize(count);
  return some;
}

/// Which of its checkpoint's subnets a model is, if ns-pack was asked for one subnet or width; 0: all of
/// them.
std::size_t subnet_of_checkpoint(const ns::deploy::PackedDescription& description, const std::string& path) {
  const ns::Json packing_json = ns::parse_json(description.packing, path + ": META");
  ns::Fields packing(packing_json, path + ": META: packing");
  const auto width = packing.get<double>("width", 0.0);
  if (width == 0) return packing.get<std::uint16_t>("subnet", std::uint16_t{0});
  const ns::Json config_json = ns::parse_json(description.config, path + ": META");
  const auto widths = ns::Fields(config_json, path + ": META: config")
                          .get<std::vector<double>>("widths", std::vector<double>{});
  return static_cast<std::size_t>(widths.end() - std::find(widths.begin(), widths.end(), width));
}

std::vector<double> float_column(const BenchOptions& o, const std::string& path,
                                 const ns::data::Dataset& dataset,
                                 const ns::deploy::PackedDescription& description) {
  if (o.checkpoint.empty()) return {};
  const std::size_t subnets = description.networks.front().subnets.size();
  const std::size_t only = subnet_of_checkpoint(description, path);
  const std::vector<double> accuracies = float_accuracies(o.checkpoint, dataset, o.images);
  if (subnets == 1 && only > 0 && only <= accuracies.size()) return {accuracies[only - 1]};
  if (accuracies.size() != subnets) {
    throw ns::input_error(o.checkpoint + ": has " + std::to_string(accuracies.size()) + " subnets, " + path +
                          " has " + std::to_string(subnets));
  }
  return accuracies;
}

}  // namespace

void bench_model(const std::string& path, const std::optional<ns::data::Dataset>& dataset,
                 const BenchOptions& o, const std::function<void(BenchRecord)>& emit) {
  const ns::deploy::PackedModel model(path);
  const ns::deploy::PackedDescription description = describe(model);
  const unsigned subnets = static_cast<unsigned>(description.networks.front().subnets.size());
  if (o.subnet > subnets) {
    throw ns::usage_error("--subnet " + std::to_string(o.subnet) + ": " + path + " has " +
                          std::to_string(subnets) + " subnets");
  }
  const std::string hash = ns::sha256_hex_of_file(path);
  ns::deploy::EncodedImages images;
  std::vector<double> float_accuracy;
  if (dataset) {
    images = encode_images(*dataset, model, 0);
    float_accuracy = float_column(o, path, *dataset, description);
  }

  ns::deploy::HostEngine host(model, static_cast<unsigned>(o.threads));
  std::optional<ns::deploy::EmulatorSession> emulator;
  std::vector<ns::deploy::SubnetCost> costs;
  if (std::count(o.targets.begin(), o.targets.end(), "emulator") > 0) {
    // Before the host's part, so that a missing emulator is not found out after it.
    ns::deploy::EmulatorOptions options;
    options.elf = o.firmware;
    emulator.emplace(model, options);
    costs = emulator->measure_speed(0, [](std::size_t) { throw_if_stopped(); });
  }
  for (const std::string& target : o.targets) {
    const bool on_host = target == "host";
    const auto chosen = first_images(images, on_host ? o.images : o.emulator_images);
    for (unsigned k = 1; k <= subnets; ++k) {
      if (o.subnet != 0 && k != o.subnet) continue;
      BenchRecord record = describe_subnet(model, description, target, k);
      record.artifact_sha256 = hash;
      if (!on_host) add_cost(record, description, costs.at(k - 1));
      if (dataset) {
        Progress bar(target + " subnet " + std::to_string(k), "images", progress_mode(o.progress));
        const auto outputs = add_accuracy(
            record, on_host ? static_cast<ns::deploy::Engine&>(host) : *emulator, chosen,
            on_host ? 0 : o.verify, [&](std::size_t done) {
              throw_if_stopped();
              bar.update(static_cast<std::int64_t>(done), static_cast<std::int64_t>(chosen.size()));
            });
        if (on_host && !float_accuracy.empty()) record.float_accuracy = float_accuracy[k - 1];
        if (!on_host && o.verify > 0) {
          bar.clear();
          const std::string difference =
              compare_with(host, outputs, description, k, chosen, [](std::size_t) { throw_if_stopped(); });
          record.verified_images = chosen.size();
          record.identical = difference.empty();
          if (!difference.empty()) spdlog::error("{}: {}", path, difference);
        }
      }
      emit(std::move(record));
    }
  }
}
