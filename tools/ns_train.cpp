// ns-train: trains a network from a recipe, dense or nested sparse in one go.

#include <filesystem>
#include <optional>

#include "common/artifact_stream.h"
#include "common/log.h"
#include "common/option_groups.h"
#include "common/progress.h"
#include "common/run_tool.h"
#include "common/stop_signal.h"
#include "common/streams.h"
#include "ns/base/sha256.h"
#include "ns/data/sample_weights.h"
#include "ns/train/trainer.h"
#include "train/evaluate.h"
#include "train/job.h"
#include "train/run_files.h"
#include "train/run_report.h"

namespace {

namespace fs = std::filesystem;
using ns::train::Recipe;

struct Options : RunFiles {
  std::string evaluate, progress = "auto";
  bool print_config = false, print_graph = false, print_schema = false, json = false;
};

void declare(CLI::App& app, Options& o) {
  app.add_option("RECIPE", o.recipe, "Recipe in JSON, e.g. configs/fashion_mnist_resnet8_nested.json")
      ->transform(artifact_input());
  app.add_option("-o,--output", o.output, "Checkpoint (.safetensors) to write");
  app.add_flag("--overwrite", o.overwrite, "Replace an existing output");
  app.add_option("--set", o.settings, "KEY=VALUE: replaces one key of the recipe; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--data-dir", o.data_dir, "Folder of the data set's files, instead of the recipe's")
      ->envname("NESTKIT_DATA_DIR");
  auto* resume = app.add_option("--resume", o.resume, "Continue an interrupted run from this checkpoint")
                     ->transform(artifact_input());
  app.add_option("--init", o.init, "Start from this checkpoint's weights, and its level maps if it is nested")
      ->transform(artifact_input())
      ->excludes(resume);
  app.add_option("--teacher", o.teacher, "Learn also from this checkpoint's (densest) network")
      ->transform(artifact_input());
  app.add_option("--sample-weights", o.sample_weights,
                 "How much each training image counts: a number per line (coop-eval --sample-weights)");
  app.add_option("--evaluate", o.evaluate,
                 "Train nothing; print how good this checkpoint is on the test part of the recipe's data")
      ->transform(artifact_input());
  app.add_flag("--print-config", o.print_config, "Print the effective recipe and stop");
  app.add_flag("--print-graph", o.print_graph, "Print the recipe's network as JSON, to be changed, and stop");
  app.add_flag("--print-schema", o.print_schema, "Print the JSON Schema of recipes and stop");
  add_progress_option(app, o.progress);
  add_json_option(app, o.json);
}

int train(const Options& o, const Recipe& recipe, Job& job) {
  ns::parallel::Communicator& group = job.group();
  const std::string resumable = resumable_path(o.output);
  const std::string how = "continue with: " + continue_words(o, "ns-train");
  if (group.leads()) check_outputs(o);
  ns::data::Dataset images = ns::train::dataset_for(recipe, ns::data::Part::kTrain);
  if (!o.sample_weights.empty()) ns::data::read_sample_weights(o.sample_weights, images);
  const ns::data::Split data = split_for(recipe, std::move(images));
  for (const std::string& warning : data.train.warnings) log_warning("{}: {}", recipe.dataset, warning);
  ns::train::Trainer trainer(recipe, data, group);
  if (!o.teacher.empty()) {
    trainer.learn_from(ns::checkpoint::read_safetensors(o.teacher), ns::sha256_hex_of_file(o.teacher));
  }
  if (!o.resume.empty()) trainer.resume(ns::checkpoint::read_safetensors(o.resume));
  if (!o.init.empty()) {
    trainer.initialise(ns::checkpoint::read_safetensors(o.init), ns::sha256_hex_of_file(o.init));
  }
  log_debug("{} training images, {} for validation, {} subnets, {} processes", data.train.size(),
            data.validation.size(), recipe.subnets(), group.size());
  job.ready();

  Progress bar("training", "images", progress_mode(o.progress));
  ns::train::Observers watching;
  if (group.leads()) watching = observers_of_run("ns-train", recipe, resumable, bar, o.json);
  watching.stop_requested = [] { return stop_signal() != 0; };
  watch_stop_signals();
  try {
    if (!trainer.run(watching)) {
      bar.clear();
      log_warning("interrupted; {}", how);
      return stop_signal() != 0 ? kSignal + stop_signal() : kDone;  // or the signal was another process's
    }
  } catch (const ns::parallel::ProcessLost& lost) {
    bar.clear();
    if (!group.leads()) throw;
    throw ns::environment_error(lost.what(), how);
  }
  if (group.leads()) {
    write_safetensors(o.output, trainer.finished(), o.overwrite ? ns::Overwrite::kYes : ns::Overwrite::kNo);
    fs::remove(resumable);
  }
  return kDone;
}

int run(const CLI::App& app, const Options& o) {
  if (o.print_schema) {
    standard_output().line(ns::train::recipe_schema().dump(2));
    return kDone;
  }
  const Recipe recipe = effective_recipe(o);
  if (o.print_config) {
    standard_output().line(to_json(recipe).dump(2));
    return kDone;
  }
  if (o.print_graph) {
    const ns::nn::Graph graph = graph_for(recipe, dataset_for(recipe, ns::data::Part::kTest));
    standard_output().line(to_json(graph).dump(2));
    return kDone;
  }
  if (!o.evaluate.empty()) {
    refuse_given(app, {"--output", "--overwrite", "--resume", "--init", "--teacher", "--sample-weights"},
                 "--evaluate trains nothing");
    return evaluate_checkpoint(o.evaluate, recipe, o.json);
  }
  if (recipe.benn()) {
    throw ns::usage_error(o.recipe + ": \"ensemble\" " + recipe.ensemble + " has several networks to train",
                          "bin-ensemble train does that");
  }
  Job job;
  return job.run([&] { return train(o, recipe, job); });
}

}  // namespace

int main(int argc, char** argv) {
  const ToolInfo info{"ns-train", "Train a network from a recipe: dense, or nested sparse in one go.",
                      "  ns-train configs/fashion_mnist_resnet8_nested.json -o nested.safetensors\n"
                      "  ns-train configs/cifar10_resnet8_dense.json --set epochs=30 -o dense.safetensors "
                      "--json > log.jsonl\n"
                      "  ns-train configs/bccd_ssd_resnet8_nested.json --evaluate detector.safetensors",
                      "ns-pack packs the checkpoint for the Cortex-M7; ns-prune makes a dense one nested."};
  Options options;
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&app, &options] { return run(app, options); };
  });
}
