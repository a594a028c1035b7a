// ns-prune: makes any checkpoint a nested sparse one, by magnitude and without training.
#include <optional>

#include "common/artifact_stream.h"
#include "common/data_set.h"
#include "common/option_groups.h"
#include "common/progress.h"
#include "common/run_tool.h"
#include "common/streams.h"
#include "ns/base/sha256.h"
#include "ns/checkpoint/profile.h"
#include "ns/data/catalog.h"
#include "ns/data/split.h"
#include "ns/nested/prune.h"
#include "ns/train/recipe.h"
#include "ns/train/sensitivity.h"
#include "prune/tables.h"

namespace {

struct Options {
  std::string input, block = "1x2";
  std::vector<double> sparsities{0.7, 0.8, 0.9};
  std::vector<std::string> dense_layers = ns::nested::default_dense_layers();
  std::string allocation = "uniform", progress = "auto";
  std::optional<double> cost_budget;
  OutputOptions output;
  bool sensitivity = false, json = false;
  DataOptions data;
  std::size_t images = 5000;
};

void declare(CLI::App& app, Options& o) {
  app.add_option("INPUT", o.input, "Checkpoint to prune, dense or nested")
      ->required()
      ->transform(artifact_input());
  app.add_option("--sparsities", o.sparsities, "Fraction of the weights each subnet lacks, increasing")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--block", o.block, "Adjacent input channels pruned together: 1x1, 1x2 or 1x4")
      ->capture_default_str();
  app.add_option("--dense-layers", o.dense_layers,
                 "Layers left dense: names, or the roles first_conv, depthwise, classifier")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--allocation", o.allocation,
                 "Shares of the layers in the kept weights: uniform, erk, global, cost or flash")
      ->check(CLI::IsMember(ns::nested::allocation_names()))
      ->capture_default_str();
  app.add_option("--cost-budget", o.cost_budget,
                 "With --allocation cost or flash: estimated instructions, or weights, over those of uniform "
                 "(default: 1)")
      ->check(CLI::Range(0.001, 10.0));
  add_output_options(app, o.output, "Nested checkpoint (.safetensors)");
  app.get_option("--output")->required(false);
  app.add_flag("--sensitivity", o.sensitivity,
               "Write nothing; prune each layer alone and print the validation accuracy");
  add_data_options(app, o.data);
  app.add_option("--images", o.images, "With --sensitivity: the last so many training images")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  add_progress_option(app, o.progress);
  add_json_option(app, o.json);
}

int scan(const CLI::App& app, Options o) {
  refuse_given(app, {"--allocation", "--cost-budget"}, "--sensitivity prunes each layer alone");
  refuse_given(app, {"--output", "--overwrite"}, "--sensitivity writes no checkpoint");
  const ns::checkpoint::Archive input = ns::checkpoint::read_safetensors(o.input);
  ns::nested::Model model = ns::nested::model_of(input);
  const ns::train::SensitivityOptions options{o.sparsities, ns::train::block_width(o.block), o.dense_layers};
  choose_data_set(o.data, {o.input});
  const ns::data::Split data =
      hold_out_last(ns::data::load_dataset(o.data.data, o.data.data_dir, ns::data::Part::kTrain), o.images);
  Progress bar("scanning", "passes", progress_mode(o.progress));
  const ns::train::Sensitivity found =
      scan_sensitivity(model, data.validation, options,
                       [&](std::int64_t done, std::int64_t total) { bar.update(done, total, ""); });
  bar.clear();
  if (!o.json) {
    standard_output().write(table_of(found));
    return kDone;
  }
  for (ns::Json& record : to_json(found)) {
    record["artifact_sha256"] = ns::sha256_hex_of_file(o.input);
    record["seed"] = ns::checkpoint::profile_of(input).seed;
    record["data"] = o.data.data;
    record["block"] = o.block;
    standard_output().line(ns::canonical_dump(record));
  }
  return kDone;
}

int prune(const CLI::App& app, const Options& o) {
  refuse_given(app, {"--images", "--data", "--data-dir", "--progress"},
               "without --sensitivity no data set is read");
  if (o.cost_budget && !ns::nested::has_budget(ns::nested::allocation_from_name(o.allocation)))
    throw ns::usage_error("--cost-budget is for --allocation cost and flash, found " + o.allocation);
  if (o.output.output.empty()) throw ns::usage_error("--output is required");
  ArtifactOutput output(o.output, o.json, {o.input});
  const ns::checkpoint::Archive input = ns::checkpoint::read_safetensors(o.input);
  const ns::nested::PruneOptions options{
      o.sparsities,
      ns::train::block_width(o.block),
      o.dense_layers,
      {ns::nested::allocation_from_name(o.allocation), o.cost_budget.value_or(1.0)}};
  const ns::nested::Pruned pruned = ns::nested::prune(input, ns::sha256_hex_of_file(o.input), options);
  const std::vector<std::uint8_t> bytes = safetensors_bytes(pruned.archive);
  if (o.json) {
    ns::Json record = to_json(pruned.report);
    record["artifact_sha256"] = ns::sha256_hex(bytes);
    record["seed"] = ns::checkpoint::profile_of(input).seed;
    standard_output().line(ns::canonical_dump(record));
  } else {
    output.report(table_of(pruned.report));
  }
  output.write(bytes);
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  const ToolInfo info{
      "ns-prune", "Make a checkpoint nested sparse by weight magnitude, without training.",
      "  ns-prune dense.safetensors -o nested.safetensors\n"
      "  ns-prune dense.safetensors --sparsities 0.5,0.75 --allocation erk -o nested.safetensors --json\n"
      "  ns-prune dense.safetensors --sensitivity --sparsities 0.5,0.9",
      "ns-train RECIPE --init nested.safetensors fine-tunes it with its level maps."};
  Options options;
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&app, &options] { return options.sensitivity ? scan(app, options) : prune(app, options); };
  });
}
