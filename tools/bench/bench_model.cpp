#include "bench/bench_model.h"

#include <algorithm>

#include "bench/bench_cooperative.h"
#include "bench/bench_detector.h"
#include "bench/float_accuracy.h"
#include "common/log.h"
#include "common/progress.h"
#include "common/stop_signal.h"
#include "ns/base/json.h"
#include "ns/base/sha256.h"
#include "ns/deploy/board_session.h"
#include "ns/deploy/detections.h"
#include "ns/deploy/host_engine.h"

using namespace ns::deploy;

namespace {

EncodedImages first_images(const EncodedImages& all, std::size_t count) {
  if (count == 0 || count >= all.size()) return all;
  EncodedImages some = all;
  some.inputs.resize(all.inputs.size() / all.size() * count);
  some.labels.resize(count);
  std::erase_if(some.truths, [&](const auto& truth) { return truth.image >= static_cast<int>(count); });
  return some;
}

/// Which part of its checkpoint a model is, if ns-pack was asked for one member, subnet or width; 0: all of
/// them.
struct Part {
  int member = 0;
  std::size_t subnet = 0;
};

Part part_of_checkpoint(const ns::deploy::PackedDescription& description, const std::string& path) {
  const ns::Json packing_json = ns::parse_json(description.packing, path + ": META");
  ns::Fields packing(packing_json, path + ": META: packing");
  const int member = packing.get<std::uint16_t>("member", std::uint16_t{0});
  const auto width = packing.get<double>("width", 0.0);
  if (width == 0) return {member, packing.get<std::uint16_t>("subnet", std::uint16_t{0})};
  const ns::Json config_json = ns::parse_json(description.config, path + ": META");
  const auto widths = ns::Fields(config_json, path + ": META: config")
                          .get<std::vector<double>>("widths", std::vector<double>{});
  return {member, static_cast<std::size_t>(widths.end() - std::find(widths.begin(), widths.end(), width))};
}

std::vector<double> float_column(const BenchOptions& o, const std::string& path,
                                 const ns::data::Dataset& dataset,
                                 const ns::deploy::PackedDescription& description) {
  if (o.checkpoint.empty()) return {};
  const std::size_t subnets = description.networks.front().subnets.size();
  const Part part = part_of_checkpoint(description, path);
  const std::vector<double> accuracies = float_accuracies(o.checkpoint, part.member, dataset, o.images);
  if (subnets == 1 && part.subnet > 0 && part.subnet <= accuracies.size())
    return {accuracies[part.subnet - 1]};
  if (accuracies.size() != subnets) {
    throw ns::input_error(o.checkpoint + ": has " + std::to_string(accuracies.size()) + " subnets, " + path +
                          " has " + std::to_string(subnets));
  }
  return accuracies;
}

/// One of --target: what runs the model there, and what a subnet costs there.
struct Target {
  std::string name, board;
  std::unique_ptr<Engine> engine;
  std::vector<SubnetCost> costs;  ///< [k − 1]; empty where nothing is counted
  std::uint32_t core_hz = 0;      ///< costs are cycles of such a core
  std::size_t images = 0;         ///< 0: all
  bool on_host() const { return name == "host"; }
};

void check_stop(std::size_t) {
  throw_if_stopped();
}

Target make_target(const std::string& name, const PackedModel& model, const BenchOptions& o) {
  Target target{name, "", nullptr, {}, 0, o.images};
  if (name == "host") {
    target.engine = std::make_unique<HostEngine>(model, static_cast<unsigned>(o.threads));
  } else if (name == "emulator") {
    EmulatorOptions options;
    options.elf = o.firmware;
    auto session = std::make_unique<EmulatorSession>(model, options);
    target.costs = session->measure_speed(0, check_stop);
    target.engine = std::move(session);
    target.images = o.emulator_images;
  } else {
    BoardOptions options;
    options.device = o.device;
    auto session = std::make_unique<BoardSession>(model, options);
    session->self_test();
    target.costs = session->measure_speed(0, check_stop);
    target.board = session->board().name;
    target.core_hz = session->board().core_hz;
    target.engine = std::move(session);
    target.images = o.board_images;
  }
  return target;
}

void verify(BenchRecord& record, Engine& host, const Outputs& outputs, const PackedDescription& description,
            const EncodedImages& images) {
  const std::string difference = compare_with(host, outputs, description, record.subnet, images, check_stop);
  record.verified_images = images.size();
  record.identical = difference.empty();
  if (!difference.empty()) log_error("{}: {}", record.model, difference);
}

}  // namespace

void bench_model(const std::string& path, const std::optional<ns::data::Dataset>& dataset,
                 const BenchOptions& o, const std::function<void(BenchRecord)>& emit) {
  const PackedModel model(path);
  if (model.rule() != nullptr) return bench_cooperative(model, dataset, o, emit);
  const PackedDescription description = describe(model);
  const unsigned subnets = static_cast<unsigned>(description.networks.front().subnets.size());
  if (o.subnet > subnets) {
    throw ns::usage_error("--subnet " + std::to_string(o.subnet) + ": " + path + " has " +
                          std::to_string(subnets) + " subnets");
  }
  const bool detects = model.detector(0) != nullptr;
  if (detects ? o.gates.min_accuracy.has_value()
              : o.gates.min_map.has_value() || !o.draw.empty() || !o.curves.empty()) {
    throw ns::usage_error(path +
                          (detects ? ": is a detector: --min-accuracy is for classifiers, --min-map for it"
                                   : ": is a classifier: --min-map, --draw and --curves are for detectors"));
  }
  const std::string hash = ns::sha256_hex_of_file(path);
  EncodedImages images;
  std::vector<double> float_accuracy;
  if (dataset) {
    images = encode_images(*dataset, model, 0);
    float_accuracy = float_column(o, path, *dataset, description);
  }

  HostEngine host(model, static_cast<unsigned>(o.threads));
  std::vector<Target> targets;  // all before the first runs, so that a missing one is not found out late
  for (const std::string& name : o.targets) targets.push_back(make_target(name, model, o));
  for (Target& target : targets) {
    const auto chosen = first_images(images, target.images);
    for (unsigned k = 1; k <= subnets; ++k) {
      if (o.subnet != 0 && k != o.subnet) continue;
      BenchRecord record = describe_subnet(model, description, target.name, k);
      record.artifact_sha256 = hash;
      record.board = target.board;
      if (!target.costs.empty()) add_cost(record, description, target.costs.at(k - 1), target.core_hz);
      if (dataset) {
        ::Progress bar(target.name + " subnet " + std::to_string(k), "images", progress_mode(o.progress));
        const Outputs outputs = add_accuracy(
            record, *target.engine, chosen, target.on_host() ? 0 : o.verify, [&](std::size_t done) {
              throw_if_stopped();
              bar.update(static_cast<std::int64_t>(done), static_cast<std::int64_t>(chosen.size()));
            });
        if (target.on_host() && detects) {
          bar.clear();
          show_detections(o, record, *dataset, detections(model, 0, outputs));
        }
        if (target.on_host() && !float_accuracy.empty()) record.float_accuracy = float_accuracy[k - 1];
        if (!target.on_host() && o.verify > 0) {
          bar.clear();
          verify(record, host, outputs, description, chosen);
        }
      }
      emit(std::move(record));
    }
    if (const auto* session = dynamic_cast<const BoardSession*>(target.engine.get())) {
      if (session->repeated_requests() > 0)
        log_warning("{}: {} requests had to be sent again: a noisy line", o.device,
                    session->repeated_requests());
    }
  }
}
