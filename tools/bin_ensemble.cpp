// bin-ensemble: trains and evaluates ensembles of (binary) networks.
#include "common/artifact_stream.h"
#include "common/option_groups.h"
#include "common/run_tool.h"
#include "ensemble/evaluate.h"
#include "ensemble/train.h"
#include "ns/anytime/scoring.h"
#include "ns/base/error.h"

namespace {

void declare(CLI::App& app, EnsembleOptions& o) {
  app.add_option("COMMAND", o.command, "train or eval")->required()->check(CLI::IsMember({"train", "eval"}));
  app.add_option(
         "INPUT", o.inputs,
         "train: a recipe in JSON, e.g. configs/fashion_mnist_tentacle3.json; eval: one checkpoint, or "
         "several whose members answer together")
      ->required()
      ->transform(artifact_input());
  app.add_option("-o,--output", o.output, "train: checkpoint (.safetensors) to write");
  app.add_flag("--overwrite", o.overwrite, "train: replace an existing output");
  app.add_option("--set", o.settings, "train: KEY=VALUE replaces one key of the recipe; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--resume", o.resume, "train: continue an interrupted run from this checkpoint")
      ->transform(artifact_input());
  app.add_option("--teacher", o.teacher, "train: learn also from this checkpoint's (densest) network")
      ->transform(artifact_input());
  app.add_flag("--print-config", o.print_config, "train: print the effective recipe and stop");
  app.add_option("--data-dir", o.data_dir, "Folder of the data set's files, instead of the usual place")
      ->envname("NESTKIT_DATA_DIR");
  app.add_option("--images", o.images, "eval: only the first so many test images")
      ->transform(whole_number(1));
  app.add_option("--exclude", o.exclude,
                 "eval: leave out the test images that this CSV file (file,record) lists");
  app.add_option("--confidence", o.confidence, "eval: what must be high to ask no further member")
      ->check(CLI::IsMember(ns::anytime::confidence_names()))
      ->capture_default_str();
  app.add_option("--min-accuracy", o.min_accuracy, "eval: gate: least accuracy of the mean of logits, 0 to 1")
      ->check(number_between(0, 1));
  app.add_option("--max-bytes", o.max_bytes, "eval: gate: most bytes of weights and tables, 1-bit and int8")
      ->transform(whole_number());
  app.add_option("--threads", o.threads, "eval: threads (0: one per core); train: the recipe's")
      ->check(CLI::Range(0, 256));
  add_progress_option(app, o.progress);
  add_json_option(app, o.json);
}

// An option of the other command would be silently ignored.
void check_command(const CLI::App& app, const EnsembleOptions& o) {
  if (o.command == "train") {
    refuse_given(app, {"--images", "--exclude", "--confidence", "--min-accuracy", "--max-bytes"},
                 "train evaluates nothing");
    refuse_given(app, {"--threads"}, "train has the recipe's \"threads\"");
  } else {
    refuse_given(app, {"--output", "--overwrite", "--set", "--resume", "--teacher", "--print-config"},
                 "eval trains nothing");
  }
  if (o.command == "train" && o.inputs.size() != 1) {
    throw ns::usage_error("train takes one recipe, found " + std::to_string(o.inputs.size()) + " inputs");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const ToolInfo info{"bin-ensemble",
                      "Train and evaluate ensembles of binary networks: TentacleNet and BENN.",
                      "  bin-ensemble train configs/fashion_mnist_tentacle3.json -o tentacle.safetensors\n"
                      "  bin-ensemble eval tentacle.safetensors --min-accuracy 0.85",
                      "ns-pack packs the checkpoint for the Cortex-M7."};
  EnsembleOptions options;
  return run_tool(info, argc, argv, [&](CLI::App& app) {
    declare(app, options);
    return [&app, &options] {
      check_command(app, options);
      if (options.command == "train") {
        options.recipe = options.inputs[0];
        return train_ensemble(options);
      }
      return evaluate_checkpoints(options);
    };
  });
}
