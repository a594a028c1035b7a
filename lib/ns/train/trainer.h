// Trains a network as a recipe says: dense, nested in one go, slimmable or gated.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "ns/base/error.h"
#include "ns/data/split.h"
#include "ns/nested/pruning_schedule.h"
#include "ns/nn/schedule.h"
#include "ns/train/epoch_record.h"
#include "ns/train/run_state.h"
#include "ns/train/subnet_step.h"
#include "ns/train/teacher.h"

namespace ns::train {

/// Position and present loss of a run, after every step.
struct StepReport {
  int epoch = 0;                                   ///< counted from 1, the one under way
  std::int64_t images_done = 0, images_total = 0;  ///< of the whole run
  double loss = 0;                                 ///< of the densest subnet
};

/// All are optional.
struct Observers {
  std::function<void(const StepReport&)> on_step;
  std::function<void(const EpochRecord&)> on_epoch;
  std::function<void(const checkpoint::Archive&)> save_resumable;
  std::function<bool()> stop_requested;  ///< asked after every step
};

/// One part of the recipe's data set, in the recipe's image size. Throws as data::load_dataset does.
data::Dataset dataset_for(const Recipe& recipe, data::Part part);

/// The images to train on and those held out, which may be none. Throws Error(kUsage) if the recipe asks for
/// more than there are.
data::Split split_for(const Recipe& recipe, data::Dataset training_set);

/// The recipe's network for this data: built-in, or read from its file. Throws Error(kUsage) if its outputs
/// are not what the data needs: one score per class, or a detection head of the classes.
nn::Graph graph_for(const Recipe& recipe, const data::Dataset& dataset);

class Trainer {
 public:
  /// Checks all that can be checked before hours of work: the network against the data, and that every layer
  /// can reach the sparsities. `data` and `group` must outlive the trainer. Every process of the group has a
  /// trainer of the same recipe and data and makes the same calls; together they are one run.
  Trainer(Recipe recipe, const data::Split& data, parallel::Communicator& group = parallel::single_process());

  /// Instead of random weights. Throw as start_from and resume_from do.
  void initialise(const checkpoint::Archive& archive, const std::string& sha256);
  void resume(const checkpoint::Archive& archive);

  /// The network, or its densest subnet, also learns from this checkpoint's. Before resume, which needs the
  /// teacher that the run began with. Throws Error(kUsage) if the recipe gives distillation
  /// no weight, else as Teacher does.
  void learn_from(const checkpoint::Archive& teacher, const std::string& sha256);

  /// Trains to the end, then recalibrates if asked to; true. When a stop is requested of any process, it
  /// finishes the step, saves a resumable checkpoint and returns false. Throws Error(kUsage) when the loss,
  /// a weight or a statistic is no longer a number: the checkpoints saved until then are good. Throws
  /// ProcessLost when another process is gone, after saving what the last whole step came to. Process 0 alone
  /// evaluates, saves and reports epochs; a group's run also saves before its first step.
  bool run(const Observers& observers);

  const RunState& state() const { return state_; }
  nested::Model& model() { return state_.model; }
  checkpoint::Archive finished() const;
  /// What save_resumable would be given now.
  checkpoint::Archive resumable() const;

 private:
  enum class Phase { kDense, kPruning, kNested, kSlimmable, kGated };
  Phase phase_at(std::int64_t step) const;
  nested::LevelMaps levels_at(double fraction) const;
  void update_levels();
  nn::Relaxation relaxation_at(std::int64_t step) const;
  std::vector<double> train_step(const data::Batch& batch);
  std::vector<double> losses_and_gradients(const data::Batch& batch);
  bool run_steps(const Observers& observers);
  Error diverged(const std::string& what, std::int64_t step) const;
  void check_finite() const;
  void save(const Observers& observers) const;
  EpochRecord record_epoch(double seconds, std::int64_t images);

  Recipe recipe_;
  const data::Split& data_;
  parallel::Communicator& group_;
  RunState state_;
  nested::Allocation allocation_;
  SubnetStep step_;
  std::optional<Teacher> teacher_;
  std::int64_t steps_per_epoch_;
  nn::Schedule rate_;
  nested::PruningSchedule pruning_;
};

}  // namespace ns::train
