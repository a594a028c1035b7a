// ns-bench: accuracy, cost and memory of every subnet of a packed model, on the host, on the emulated
// Cortex-M7 and on a board.

#include <algorithm>
#include <filesystem>

#include "bench/bench_model.h"
#include "bench/report.h"
#include "common/artifact_stream.h"
#include "common/data_set.h"
#include "common/default_firmware.h"
#include "common/log.h"
#include "common/option_groups.h"
#include "common/run_tool.h"
#include "common/stop_signal.h"
#include "common/streams.h"
#include "ns/base/error.h"
#include "ns/data/catalog.h"
#include "ns/data/exclusion.h"

namespace {

/// Throws Error(kUsage) for one that is there and not empty.
void make_new_folder(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error) && !std::filesystem::is_empty(path, error))
    throw ns::usage_error("--draw " + path + ": is there already, and not an empty folder");
  std::filesystem::create_directories(path, error);
  if (error) throw ns::environment_error(path + ": cannot be made: " + error.message());
}

void declare(CLI::App& app, BenchOptions& o) {
  app.add_option("MODEL", o.models, "Packed models (.nsm)")->required()->transform(artifact_input());
  app.add_option("--target", o.targets,
                 "Where to run: a list of host, emulator (a Cortex-M7), board (at --device)")
      ->delimiter(',')
      ->check(CLI::IsMember({"host", "emulator", "board"}))
      ->capture_default_str();
  add_data_options(app, o.data);
  app.add_option("--exclude", o.exclude, "Leave out the test images that this CSV file (file,record) lists");
  app.add_option("--images", o.images, "Test images on the host (0: all)")
      ->transform(whole_number())
      ->capture_default_str();
  add_emulator_options(app, o.emulator_images, o.firmware);
  app.add_option("--board-images", o.board_images, "Test images on the board (0: all)")
      ->transform(whole_number())
      ->capture_default_str();
  app.add_option("--device", o.device, "Serial device of the board, e.g. /dev/ttyACM0");
  app.add_option("--subnet", o.subnet, "Only this subnet, 1 = sparsest (0: all)")
      ->transform(whole_number())
      ->capture_default_str();
  app.add_option("--verify", o.verify,
                 "Gate: logits of all emulator or board images and every layer of the first N are the "
                 "host's, byte for byte")
      ->transform(whole_number());
  app.add_option("--checkpoint", o.checkpoint, "Also run this float checkpoint on the same images");
  app.add_flag("--cost-only", o.cost_only, "Count instructions and bytes only; needs no data set");
  app.add_option("--min-accuracy", o.gates.min_accuracy,
                 "Gate: least top-1 accuracy of every subnet measured, 0 to 1")
      ->check(number_between(0, 1));
  app.add_option("--min-map", o.gates.min_map,
                 "Gate: least mean average precision of every subnet of a detector, 0 to 1")
      ->check(number_between(0, 1));
  app.add_option("--draw", o.draw,
                 "Draw what a detector finds on some test images: PNG files in this new folder");
  app.add_option("--curves", o.curves, "Write a detector's precision-recall curves: JSON Lines");
  app.add_option("--max-instructions", o.gates.max_instructions, "Gate: most instructions per inference")
      ->transform(whole_number());
  add_size_gates(app, o.gates.max_flash, o.gates.max_ram);
  add_threads_option(app, o.threads);
  add_progress_option(app, o.progress);
  add_json_option(app, o.json);
}

/// The input of the first detector among the models: what a data set with boxes brings its images to.
ns::ImageShape letterbox(const std::vector<std::string>& models) {
  ns::ImageShape shape;
  for (const std::string& path : models) {  // all are sound before any runs
    const ns::deploy::PackedModel model(path);
    const nsrt_tensor_info& input = model.network(0).input;
    if (model.detector(0) != nullptr && shape.c == 0) shape = {input.h, input.w, input.c};
  }
  return shape;
}

int run(BenchOptions o) {
  if (o.cost_only && (o.verify > 0 || !o.checkpoint.empty() || !o.exclude.empty() || o.gates.min_accuracy ||
                      o.gates.min_map || !o.draw.empty() || !o.curves.empty())) {
    throw ns::usage_error(
        "--cost-only runs no test images: --verify, --checkpoint, --exclude, --min-accuracy, --min-map, "
        "--draw "
        "and --curves need them");
  }
  const auto wanted = [&](const char* target) {
    return std::count(o.targets.begin(), o.targets.end(), target) > 0;
  };
  if (o.verify > 0 && !wanted("emulator") && !wanted("board")) {
    throw ns::usage_error("--verify needs the emulator or a board", "add --target emulator");
  }
  if (o.gates.max_instructions && !wanted("emulator")) {
    throw ns::usage_error("--max-instructions needs the emulator", "add --target emulator");
  }
  if (wanted("board") != !o.device.empty()) {
    throw ns::usage_error("--target board and --device go together",
                          "for example --target board --device /dev/ttyACM0");
  }
  watch_stop_signals();
  const ns::ImageShape shape = letterbox(o.models);
  if (!o.draw.empty()) make_new_folder(o.draw);
  std::optional<ns::AtomicFile> curves;
  if (!o.curves.empty()) o.curve_file = &curves.emplace(o.curves, ns::Overwrite::kNo);
  std::optional<ns::data::Dataset> dataset;
  if (!o.cost_only) {
    choose_data_set(o.data, o.models);
    dataset = ns::data::load_dataset(o.data.data, o.data.data_dir, ns::data::Part::kTest, shape);
    for (const std::string& warning : dataset->warnings) log_warning("{}", warning);
  }
  std::size_t excluded = 0;
  if (!o.exclude.empty()) {
    excluded = dataset->size();
    dataset = ns::data::without_listed(*std::move(dataset), o.exclude);
    excluded -= dataset->size();
  }
  std::vector<ns::deploy::BenchRecord> all;
  for (const std::string& model : o.models) {
    bench_model(model, dataset, o, [&](ns::deploy::BenchRecord record) {
      record.excluded_images = excluded;
      if (o.json) standard_output().record(to_json(record));
      all.push_back(std::move(record));
    });
  }
  if (!o.json) {
    standard_output().write(result_table(all) + class_table(all) + layer_tables(all) + stage_tables(all));
    if (std::any_of(all.begin(), all.end(), [](const auto& r) { return r.instructions.has_value(); })) {
      standard_output().write(std::string("\n") + ns::deploy::kCycleEstimateNote + ".\n");
    }
  }
  if (curves) curves->commit();
  const std::vector<std::string> missed = missed_gates(all, o.gates);
  for (const std::string& line : missed) log_error("{}", line);
  return missed.empty() ? kDone : kCheckFailed;
}

}  // namespace

int main(int argc, char** argv) {
  const ToolInfo info{
      "ns-bench", "Measures every subnet of packed models: accuracy, instructions, flash and RAM.",
      "  ns-bench model.nsm --target host,emulator\n"
      "  ns-bench model.nsm --subnet 1 --target emulator --verify 200 --max-instructions 5e6 --json",
      "ns-info explains a model layer by layer; firmware/README.md puts it on a board."};
  BenchOptions options;
  options.firmware = default_firmware();
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&] { return run(options); };
  });
}
