// ns-bench: accuracy, cost and memory of every subnet of a packed model, on the host and on the emulated
// Cortex-M7.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>

#include "bench/float_accuracy.h"
#include "bench/report.h"
#include "common/option_groups.h"
#include "common/progress.h"
#include "common/run_tool.h"
#include "common/streams.h"
#include "ns/base/error.h"
#include "ns/base/sha256.h"
#include "ns/data/catalog.h"
#include "ns/deploy/host_engine.h"

namespace {

struct Options {
  std::vector<std::string> models, targets{"host"};
  DataOptions data;
  std::size_t images = 0, emulator_images = 200, verify = 0;
  unsigned subnet = 0;
  int threads = 0;
  std::string firmware = NESTKIT_FIRMWARE_ELF, checkpoint, progress = "auto";
  Gates gates;
  bool json = false;
};

void declare(CLI::App& app, Options& o) {
  app.add_option("MODEL", o.models, "Packed models (.nsm)")->required();
  app.add_option("--target", o.targets, "Where to run: host, emulator (a Cortex-M7), or both: host,emulator")
      ->delimiter(',')
      ->check(CLI::IsMember({"host", "emulator"}))
      ->capture_default_str();
  add_data_options(app, o.data);
  app.add_option("--images", o.images, "Test images on the host (0: all)")->capture_default_str();
  app.add_option("--emulator-images", o.emulator_images, "Test images on the emulator (0: all)")
      ->capture_default_str();
  app.add_option("--subnet", o.subnet, "Only this subnet, 1 = sparsest (0: all)")->capture_default_str();
  app.add_option(
      "--verify", o.verify,
      "Compare the first N images host = emulator, logits and every layer; status 1 if they differ");
  app.add_option("--checkpoint", o.checkpoint, "Also run this float checkpoint on the same images");
  app.add_option("--firmware", o.firmware, "Firmware of the emulated board")->capture_default_str();
  app.add_option("--min-accuracy", o.gates.min_accuracy,
                 "Gate: least top-1 accuracy of every subnet measured, 0 to 1");
  app.add_option("--max-instructions", o.gates.max_instructions, "Gate: most instructions per inference");
  app.add_option("--max-flash", o.gates.max_flash, "Gate: largest model file in bytes");
  app.add_option("--max-ram", o.gates.max_ram, "Gate: largest arena in bytes");
  add_threads_option(app, o.threads);
  add_progress_option(app, o.progress);
  add_json_option(app, o.json);
}

// The first k images of an encoded set.
ns::deploy::EncodedImages first_images(const ns::deploy::EncodedImages& all, std::size_t count) {
  if (count == 0 || count >= all.size()) return all;
  ns::deploy::EncodedImages some = all;
  some.inputs.resize(all.inputs.size() / all.size() * count);
  some.labels.resize(count);
  return some;
}

std::vector<ns::deploy::BenchRecord> bench_model(const std::string& path, const ns::data::Dataset& dataset,
                                                 const Options& o) {
  const ns::deploy::PackedModel model(path);
  const ns::deploy::PackedDescription description = describe(model);
  const ns::deploy::EncodedImages images = encode_images(dataset, model, 0);
  const unsigned subnets = static_cast<unsigned>(description.networks.front().subnets.size());
  if (o.subnet > subnets) {
    throw ns::usage_error("--subnet " + std::to_string(o.subnet) + ": " + path + " has " +
                          std::to_string(subnets) + " subnets");
  }
  const bool emulate = std::count(o.targets.begin(), o.targets.end(), "emulator") > 0;
  ns::deploy::HostEngine host(model, static_cast<unsigned>(o.threads));
  ns::deploy::EmulatorOptions emulator_options;
  emulator_options.elf = o.firmware;
  ns::deploy::EmulatorSession emulator(model, emulator_options);
  std::vector<ns::deploy::SubnetCost> costs;
  if (emulate) costs = emulator.measure_speed();
  const std::vector<double> float_accuracy =
      o.checkpoint.empty() ? std::vector<double>{} : float_accuracies(o.checkpoint, dataset, o.images);
  if (!float_accuracy.empty() && float_accuracy.size() != subnets) {
    throw ns::input_error(o.checkpoint + ": has " + std::to_string(float_accuracy.size()) + " subnets, " +
                          path + " has " + std::to_string(subnets));
  }

  std::vector<ns::deploy::BenchRecord> records;
  for (const std::string& target : o.targets) {
    ns::deploy::Engine& engine = target == "host" ? static_cast<ns::deploy::Engine&>(host) : emulator;
    const auto chosen = first_images(images, target == "host" ? o.images : o.emulator_images);
    for (unsigned k = 1; k <= subnets; ++k) {
      if (o.subnet != 0 && k != o.subnet) continue;
      Progress bar(target + " subnet " + std::to_string(k), "images", progress_mode(o.progress));
      auto record = measure_accuracy(engine, description, target, k, chosen, [&](std::size_t finished) {
        bar.update(static_cast<std::int64_t>(finished), static_cast<std::int64_t>(chosen.size()));
      });
      record.artifact_sha256 = ns::sha256_hex_of_file(path);
      if (target == "host" && !float_accuracy.empty()) record.float_accuracy = float_accuracy[k - 1];
      if (target == "emulator") {
        add_cost(record, description, costs.at(k - 1));
        if (o.verify > 0) {
          const std::string difference = compare_engines(host, emulator, description, k, images, o.verify);
          record.verified_images = std::min(o.verify, images.size());
          record.identical = difference.empty();
          if (!difference.empty()) spdlog::error("{}: {}", path, difference);
        }
      }
      records.push_back(std::move(record));
    }
  }
  return records;
}

int run(const Options& o) {
  if (o.verify > 0 && std::count(o.targets.begin(), o.targets.end(), "emulator") == 0) {
    throw ns::usage_error("--verify compares host and emulator", "add --target emulator");
  }
  const ns::data::Dataset dataset =
      ns::data::load_dataset(o.data.data, o.data.data_dir, ns::data::Part::kTest);
  std::vector<ns::deploy::BenchRecord> all;
  for (const std::string& model : o.models) {
    for (auto& record : bench_model(model, dataset, o)) {
      if (o.json) standard_output().line(to_json(record).dump());
      all.push_back(std::move(record));
    }
  }
  if (!o.json) {
    standard_output().write(result_table(all) + layer_table(all));
    if (std::any_of(all.begin(), all.end(), [](const auto& r) { return r.instructions.has_value(); })) {
      standard_output().write(std::string("\n") + ns::deploy::kCycleEstimateNote + ".\n");
    }
  }
  const std::vector<std::string> missed = missed_gates(all, o.gates);
  for (const std::string& line : missed) spdlog::error("{}", line);
  return missed.empty() ? kDone : kCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  const ToolInfo info{
      "ns-bench", "Measures every subnet of packed models: accuracy, instructions, flash and RAM.",
      "  ns-bench model.nsm --target host,emulator\n"
      "  ns-bench model.nsm --subnet 1 --target emulator --verify 200 --max-instructions 5e6 --json",
      "ns-info explains a model layer by layer; firmware/README.md puts it on a board."};
  Options options;
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&] { return run(options); };
  });
}
