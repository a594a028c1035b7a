#include "ensemble/train.h"

#include <filesystem>

#include "common/log.h"
#include "common/progress.h"
#include "common/run_tool.h"
#include "common/stop_signal.h"
#include "common/streams.h"
#include "ns/base/sha256.h"
#include "ns/data/catalog.h"
#include "ns/train/ensemble_trainer.h"
#include "train/job.h"
#include "train/run_report.h"

namespace {

using ns::train::Recipe;

// A Trainer or EnsembleTrainer that is ready to run.
void prepare(auto& trainer, const EnsembleOptions& o) {
  if (!o.teacher.empty()) {
    trainer.learn_from(ns::checkpoint::read_safetensors(o.teacher), ns::sha256_hex_of_file(o.teacher));
  }
  if (!o.resume.empty()) trainer.resume(ns::checkpoint::read_safetensors(o.resume));
}

// The whole ensemble in one network.
bool train_together(const Recipe& recipe, const ns::data::Split& data, const EnsembleOptions& o,
                    const ns::train::Observers& watching, ns::checkpoint::Archive& result) {
  ns::train::Trainer trainer(recipe, data);
  prepare(trainer, o);
  if (!trainer.run(watching)) return false;
  result = trainer.finished();
  return true;
}

bool train_one_by_one(const Recipe& recipe, const ns::data::Split& data, const EnsembleOptions& o,
                      const ns::train::Observers& watching, Progress& bar, ns::checkpoint::Archive& result) {
  ns::train::EnsembleTrainer trainer(recipe, data);
  prepare(trainer, o);
  ns::train::EnsembleObservers observers;
  observers.member = watching;
  observers.on_member = [&](int member, double vote) {
    bar.clear();
    log_info("member {} of {} is trained, vote {:.3f}", member, recipe.members, vote);
  };
  if (!trainer.run(observers)) return false;
  result = trainer.finished();
  return true;
}

}  // namespace

int train_ensemble(const EnsembleOptions& o) {
  const Recipe recipe = effective_recipe(o);
  if (o.print_config) {
    standard_output().line(to_json(recipe).dump(2));
    return kDone;
  }
  if (recipe.ensemble == "none") {
    throw ns::usage_error(o.recipe + ": \"ensemble\" is none",
                          "--set ensemble=tentacle --set members=3, or ns-train for a single network");
  }
  if (started_as_a_group()) {
    throw ns::usage_error("trains in one process, but mpirun has started several",
                          "mpirun ns-train shares the batches of a TentacleNet");
  }
  const std::string resumable = resumable_path(o.output);
  check_outputs(o);
  const ns::data::Split data =
      split_for(recipe, ns::data::load_dataset(recipe.dataset, recipe.data_dir, ns::data::Part::kTrain));
  Progress bar("training", "images", progress_mode(o.progress));
  ns::train::Observers watching = observers_of_run("bin-ensemble", recipe, resumable, bar, o.json);
  watching.stop_requested = [] { return stop_signal() != 0; };
  watch_stop_signals();
  ns::checkpoint::Archive result;
  const bool done = recipe.benn() ? train_one_by_one(recipe, data, o, watching, bar, result)
                                  : train_together(recipe, data, o, watching, result);
  if (!done) {
    bar.clear();
    log_warning("interrupted; continue with: {}", continue_words(o, "bin-ensemble train"));
    return kSignal + stop_signal();
  }
  write_safetensors(o.output, result, o.overwrite ? ns::Overwrite::kYes : ns::Overwrite::kNo);
  std::filesystem::remove(resumable);
  return kDone;
}
