// A whole training run, and what it told on its way.
#pragma once

#include <string>
#include <vector>

#include "ns/train/trainer.h"

namespace nestkit_test {

struct Run {
  std::vector<ns::train::EpochRecord> epochs;
  std::vector<ns::checkpoint::Archive> saved;
  ns::checkpoint::Archive finished;
  bool complete = false;
};

/// What every run on the corner images (corner_images.h) has in common: small batches, no flips, one thread,
/// so that it takes about a second and its bytes can be compared.
inline ns::train::Recipe corner_recipe(const std::string& method, int epochs, double width = 1.0) {
  ns::train::Recipe recipe;
  recipe.method = method;
  recipe.epochs = epochs;
  recipe.width = width;
  recipe.batch_size = 20;
  recipe.learning_rate = 0.05;
  recipe.crop_padding = 1;
  recipe.horizontal_flip = false;
  recipe.validation_images = 40;
  recipe.threads = 1;
  return recipe;
}

/// SHA-256 of the checkpoints that runs start from or learn from, as far as they know.
inline const std::string kParent(64, 'c');

/// Trains, from a checkpoint if given, until the end or until `stop_after` steps are done. `init` is what the
/// run starts from, `from` an interrupted run.
inline Run run_recipe(const ns::train::Recipe& recipe, const ns::data::Split& data,
                      const ns::checkpoint::Archive* from = nullptr, std::int64_t stop_after = -1,
                      const ns::checkpoint::Archive* init = nullptr,
                      const ns::checkpoint::Archive* teacher = nullptr) {
  ns::train::Trainer trainer(recipe, data);
  if (init != nullptr) {
    trainer.initialise(*init, kParent);
  }
  if (teacher != nullptr) {
    trainer.learn_from(*teacher, kParent);
  }
  if (from != nullptr) {
    trainer.resume(*from);
  }
  Run run;
  ns::train::Observers observers;
  observers.on_epoch = [&](const ns::train::EpochRecord& record) { run.epochs.push_back(record); };
  observers.save_resumable = [&](const ns::checkpoint::Archive& archive) { run.saved.push_back(archive); };
  observers.stop_requested = [&] { return trainer.state().step == stop_after; };
  run.complete = trainer.run(observers);
  run.finished = trainer.finished();
  run.finished.origin = "done.safetensors";
  return run;
}

}  // namespace nestkit_test
