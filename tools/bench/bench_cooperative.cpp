#include "bench/bench_cooperative.h"

#include <algorithm>
#include <cstring>

#include "common/stop_signal.h"
#include "ns/base/error.h"
#include "ns/base/sha256.h"
#include "ns/deploy/adaptive_host.h"
#include "ns/deploy/adaptive_session.h"

using namespace ns::deploy;

namespace {

void require_possible(const PackedModel& model, const BenchOptions& o) {
  const std::string start = model.path() + ": is a cooperative model, which runs as a whole: ";
  if (o.subnet != 0) throw ns::usage_error(start + "no --subnet");
  if (!o.checkpoint.empty()) throw ns::usage_error(start + "no --checkpoint");
  if (std::count(o.targets.begin(), o.targets.end(), "board") > 0)
    throw ns::usage_error(start + "on the host and on the emulator only");
  if (o.gates.min_map.has_value() || !o.draw.empty() || !o.curves.empty())
    throw ns::usage_error(start + "--min-map, --draw and --curves are for detectors");
  if (o.gates.max_instructions.has_value() && o.cost_only) {
    throw ns::usage_error(start + "--max-instructions needs images, which decide how many stages run",
                          "leave --cost-only away");
  }
}

std::vector<nsrt_verdict> run_on_host(const PackedModel& model, const EncodedImages& images,
                                      const BenchOptions& o) {
  return run_adaptive(model, *model.rule(), images.inputs, static_cast<unsigned>(o.threads),
                      [](std::size_t) { throw_if_stopped(); });
}

BenchRecord describe_whole(const PackedModel& model, const std::string& target) {
  const PackedDescription description = describe(model);
  BenchRecord record;
  record.target = target;
  record.model = model.path();
  record.artifact_sha256 = ns::sha256_hex_of_file(model.path());
  record.flash_bytes = description.bytes;
  record.subnet = record.subnets = 0;
  for (const NetworkDescription& network : description.networks)
    record.arena_bytes = std::max<std::uint64_t>(record.arena_bytes, network.arena_bytes);
  for (const StageDescription& stage : description.rule->stages) {
    const NetworkDescription& network = description.networks.at(stage.network);
    record.network += (record.network.empty() ? "" : " + ") + network.name;
    if (network.subnets.size() > 1) record.network += ":" + std::to_string(stage.subnet);
    record.stages.push_back({network.name, stage.subnet, 0, {}});
  }
  return record;
}

void add_verdicts(BenchRecord& record, const PackedModel& model, const std::vector<nsrt_verdict>& verdicts,
                  const EncodedImages& images) {
  record.data_manifest_sha256 = images.manifest_sha256;
  record.images = images.size();
  const PackedDescription description = describe(model);
  double macs = 0;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    record.correct += verdicts[i].answer == images.labels[i];
    for (unsigned pass = 0; pass < verdicts[i].passes; ++pass) ++record.stages[pass].reached;
  }
  for (std::size_t i = 0; i < record.stages.size(); ++i) {
    const StageDescription& stage = description.rule->stages[i];
    macs += static_cast<double>(record.stages[i].reached) *
            description.networks[stage.network].subnets[stage.subnet - 1].macs;
  }
  record.macs = static_cast<std::uint64_t>(macs / static_cast<double>(verdicts.size()));
}

// What each network takes alone, and how many cycles that may be; every network is run once.
std::vector<CycleEstimate> add_stage_costs(BenchRecord& record, const PackedModel& model,
                                           const EmulatorOptions& emulator) {
  const PackedDescription description = describe(model);
  EmulatorSession session(model, emulator);
  std::vector<std::vector<SubnetCost>> costs;
  for (unsigned network = 0; network < model.networks(); ++network)
    costs.push_back(session.measure_speed(network, [](std::size_t) { throw_if_stopped(); }));
  std::vector<CycleEstimate> cycles;
  for (std::size_t i = 0; i < record.stages.size(); ++i) {
    const StageDescription& stage = description.rule->stages[i];
    const SubnetCost& cost = costs[stage.network].at(stage.subnet - 1);
    record.stages[i].instructions = cost.total;
    cycles.push_back(estimate_cycles(cost, description.networks[stage.network]));
  }
  return cycles;
}

void add_mean_cycles(BenchRecord& record, const std::vector<CycleEstimate>& stages) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const double share = static_cast<double>(record.stages[i].reached) / static_cast<double>(record.images);
    record.cycles += {stages[i].low * share, stages[i].mid * share, stages[i].high * share};
  }
}

}  // namespace

void bench_cooperative(const PackedModel& model, const std::optional<ns::data::Dataset>& dataset,
                       const BenchOptions& o, const std::function<void(BenchRecord)>& emit) {
  require_possible(model, o);
  EmulatorOptions emulator;
  emulator.elf = o.firmware;
  for (const std::string& target : o.targets) {
    BenchRecord record = describe_whole(model, target);
    if (target == "host") {
      if (dataset) {
        const EncodedImages images = encode_images(*dataset, model, o.images);
        add_verdicts(record, model, run_on_host(model, images, o), images);
      }
      emit(std::move(record));
      continue;
    }
    const std::vector<CycleEstimate> cycles = add_stage_costs(record, model, emulator);
    if (dataset) {
      const EncodedImages images = encode_images(*dataset, model, o.emulator_images);
      const AdaptiveOutputs found =
          run_adaptive(model, emulator, images.inputs, Counting::kInstructions, throw_if_stopped);
      add_verdicts(record, model, found.verdicts, images);
      record.instructions = static_cast<std::uint64_t>(found.mean_instructions() + 0.5);
      record.worst_instructions = *std::ranges::max_element(found.instructions);
      add_mean_cycles(record, cycles);
      if (o.verify > 0) {
        const auto expected = run_on_host(model, images, o);
        record.verified_images = images.size();
        record.identical = std::ranges::equal(expected, found.verdicts, [](const auto& a, const auto& b) {
          return std::memcmp(&a, &b, sizeof a) == 0;
        });
      }
    }
    emit(std::move(record));
  }
}
