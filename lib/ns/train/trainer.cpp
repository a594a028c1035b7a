#include "ns/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>

#include "ns/nested/widths.h"
#include "ns/train/detector.h"
#include "ns/train/evaluate.h"
#include "ns/train/recalibrate.h"

namespace ns::train {
namespace {

using Clock = std::chrono::steady_clock;

data::LoaderOptions loader_options(const Recipe& recipe, const parallel::Communicator& group) {
  data::LoaderOptions options;
  options.shard = group.rank();
  options.shards = group.size();
  options.batch_size = recipe.batch_size;
  options.augmentation = {recipe.crop_padding, recipe.horizontal_flip};
  options.box_augmentation = {recipe.horizontal_flip, recipe.vertical_flip, recipe.smallest_window,
                              recipe.largest_window, recipe.colour_jitter};
  options.seed = recipe.seed;
  return options;
}

SubnetStepOptions step_options(const Recipe& recipe, const nn::Graph& graph, parallel::Communicator& group) {
  std::shared_ptr<const Objective> objective;
  if (recipe.detection()) {
    objective = std::make_shared<DetectionObjective>(graph, group);
  }
  return {nested::routing_from_name(recipe.routing),
          {recipe.distillation_weight, recipe.distillation_temperature, recipe.label_smoothing},
          recipe.slimmable() ? recipe.widths : std::vector<double>{},
          recipe.loss_weights,
          recipe.shared_batch_norm(),
          recipe.diversity,
          recipe.precision == "bfloat16" ? nn::Precision::kBfloat16 : nn::Precision::kFloat32,
          std::move(objective)};
}

nn::Schedule learning_rate(const Recipe& recipe, std::int64_t steps_per_epoch) {
  nn::Schedule schedule;
  schedule.kind = recipe.schedule == "cosine"       ? nn::Schedule::Kind::kCosine
                  : recipe.schedule == "multi_step" ? nn::Schedule::Kind::kMultiStep
                                                    : nn::Schedule::Kind::kConstant;
  for (const double epochs : recipe.milestones) {
    schedule.milestones.push_back(std::llround(epochs * static_cast<double>(steps_per_epoch)));
  }
  schedule.factor = recipe.milestone_factor;
  schedule.base_rate = recipe.learning_rate;
  schedule.total_steps = recipe.epochs * steps_per_epoch;
  schedule.warmup_steps = recipe.warmup_epochs * steps_per_epoch;
  return schedule;
}

}  // namespace

Trainer::Trainer(Recipe recipe, const data::Split& data, parallel::Communicator& group)
    : recipe_(std::move(recipe)),
      data_(data),
      group_(group),
      state_(recipe_, graph_for(recipe_, data.train)),
      step_(state_.model, step_options(recipe_, state_.model.network().graph(), group), group),
      steps_per_epoch_(data::Loader(data.train, loader_options(recipe_, group)).batches_per_epoch()),
      rate_(learning_rate(recipe_, steps_per_epoch_)),
      pruning_(recipe_.prune_start_epoch * steps_per_epoch_, recipe_.prune_end_epoch * steps_per_epoch_,
               recipe_.prune_every_steps) {
  if (recipe_.nested()) {
    const nn::Graph& graph = state_.model.network().graph();
    allocation_ = nested::uniform_allocation(graph, recipe_.dense_layers, recipe_.sparsities);
    levels_at(1.0);
  }
  state_.sample_weights_sha256 = data_.train.weights_sha256;
  nn::use_threads(recipe_.threads);
}

void Trainer::initialise(const checkpoint::Archive& archive, const std::string& sha256) {
  start_from(archive, sha256, recipe_, state_);
}

void Trainer::resume(const checkpoint::Archive& archive) {
  resume_from(archive, recipe_, data_.train.manifest_sha256, state_);
  const std::int64_t steps = recipe_.epochs * steps_per_epoch_;
  if (state_.step > steps) {
    throw input_error(archive.origin + ": progress.step is " + std::to_string(state_.step) +
                      ", but the whole run has " + std::to_string(steps));
  }
}

void Trainer::learn_from(const checkpoint::Archive& teacher, const std::string& sha256) {
  if (recipe_.distillation_weight == 0) {
    throw usage_error(teacher.origin +
                      ": nothing would be learnt from the teacher: \"distillation_weight\" is 0");
  }
  teacher_.emplace(teacher, sha256, data_.train);
  state_.teacher_sha256 = sha256;
}

checkpoint::Archive Trainer::finished() const {
  return model_archive(state_, recipe_, data_.train.manifest_sha256);
}

checkpoint::Archive Trainer::resumable() const {
  return resumable_archive(state_, recipe_, data_.train.manifest_sha256);
}

Trainer::Phase Trainer::phase_at(std::int64_t step) const {
  if (recipe_.slimmable()) {
    return Phase::kSlimmable;
  }
  if (recipe_.gated()) {
    return Phase::kGated;
  }
  if (!recipe_.nested() || (!state_.levels_final && !pruning_.started(step))) {
    return Phase::kDense;
  }
  return !state_.levels_final && pruning_.under_way(step) ? Phase::kPruning : Phase::kNested;
}

nested::LevelMaps Trainer::levels_at(double fraction) const {
  const nested::AllocationOptions options{nested::allocation_from_name(recipe_.allocation),
                                          recipe_.cost_budget};
  return nested::magnitude_levels(state_.model.network(), allocation_, block_width(recipe_.block), fraction,
                                  options);
}

void Trainer::update_levels() {
  if (!recipe_.nested() || state_.levels_final || !pruning_.updates_at(state_.step)) {
    return;
  }
  if (state_.model.levels().empty()) {
    spread_bank_0(state_);
  }
  state_.model.set_levels(levels_at(pruning_.fraction(state_.step)));
  state_.average.restart();
  state_.levels_final = pruning_.ended(state_.step);
}

std::vector<double> Trainer::losses_and_gradients(const data::Batch& batch) {
  const Phase phase = phase_at(state_.step);
  const bool dense = phase == Phase::kDense, regrow = phase == Phase::kPruning;
  const std::vector<Tensor>* teacher = teacher_ ? &teacher_->outputs(batch.x) : nullptr;
  if (group_.alone()) {
    return step_.run(batch, dense, regrow, teacher);
  }
  std::vector<nn::Buffer>& buffers = state_.model.network().buffers();
  const std::vector<nn::Buffer> before = buffers;
  try {
    return step_.run(batch, dense, regrow, teacher);
  } catch (const parallel::ProcessLost&) {
    buffers = before;  // all that half a step changes
    throw;
  }
}

nn::Relaxation Trainer::relaxation_at(std::int64_t step) const {
  const bool first = step < recipe_.first_stage_epochs * steps_per_epoch_;
  return {first && recipe_.first_stage == "real_activations", first && recipe_.first_stage == "real_weights"};
}

std::vector<double> Trainer::train_step(const data::Batch& batch) {
  update_levels();
  const nn::Relaxation relaxation = relaxation_at(state_.step);
  if (state_.step > 0 && relaxation != relaxation_at(state_.step - 1)) {
    state_.average.restart();
  }
  state_.model.network().relax(relaxation);
  const std::vector<double> losses = losses_and_gradients(batch);
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (!std::isfinite(losses[i])) {
      throw diverged("the loss of subnet " + std::to_string(i + 1), state_.step);
    }
    state_.loss_sums[i] += losses[i];
  }
  state_.optimizer->step(rate_.rate(state_.step));
  if (recipe_.shared_batch_norm() && !state_.model.levels().empty()) {
    spread_bank_0(state_);
  }
  if (state_.average.on()) {
    state_.average.update();
  }
  return losses;
}

Error Trainer::diverged(const std::string& what, std::int64_t step) const {
  if (step < 0) {
    return usage_error(what + " is not a number before the first step",
                       "the run starts from a damaged checkpoint");
  }
  return usage_error(what + " is not a number any more in step " +
                         std::to_string(step % steps_per_epoch_ + 1) + " of epoch " +
                         std::to_string(step / steps_per_epoch_ + 1),
                     "lower learning_rate; checkpoints saved so far are good");
}

// A loss says nothing of the step after it, and running statistics have no part in it.
void Trainer::check_finite() const {
  const auto check = [&](const std::string& name, std::span<const float> values) {
    if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
      throw diverged("\"" + name + "\"", state_.step - 1);
    }
  };
  for (const nn::Parameter& parameter : state_.model.network().parameters()) {
    check(parameter.name, parameter.value.values());
  }
  for (const nn::Buffer& buffer : state_.model.network().buffers()) {
    check(buffer.name, buffer.value.values());
  }
}

EpochRecord Trainer::record_epoch(double seconds, std::int64_t images) {
  EpochRecord record;
  record.epoch = static_cast<int>(state_.step / steps_per_epoch_);
  record.step = state_.step;
  record.learning_rate = rate_.rate(state_.step - 1);
  record.seconds = seconds;
  record.images_per_second = seconds > 0 ? static_cast<double>(images) / seconds : 0;
  const Phase phase = phase_at(state_.step - 1);
  const bool dense = phase == Phase::kDense;
  record.phase = relaxation_at(state_.step - 1) != nn::Relaxation{} ? recipe_.first_stage
                 : dense                                            ? "dense"
                 : phase == Phase::kPruning                         ? "pruning"
                 : phase == Phase::kSlimmable                       ? "slimmable"
                 : phase == Phase::kGated                           ? "gated"
                                                                    : "nested";
  const int subnets = dense ? 1 : state_.model.subnets();
  state_.average.swap();
  for (int subnet = 1; subnet <= subnets; ++subnet) {
    SubnetRecord item;
    item.subnet = subnet;
    if (phase == Phase::kSlimmable) {
      item.width = nested::width_of(recipe_.widths, subnet);
    } else if (phase == Phase::kGated) {
      item.gate_ratio = recipe_.gate_ratios[static_cast<std::size_t>(subnets - subnet)];
    } else if (!dense) {
      item.sparsity = recipe_.sparsities[static_cast<std::size_t>(subnets - subnet)];
    }
    item.train_loss =
        state_.loss_sums[static_cast<std::size_t>(subnet - 1)] / static_cast<double>(steps_per_epoch_);
    if (data_.validation.size() > 0) {
      (recipe_.detection() ? item.validation_map : item.validation_accuracy) =
          recipe_.detection() ? mean_average_precision(state_.model, subnet, data_.validation)
                              : accuracy(state_.model, subnet, data_.validation);
    }
    record.subnets.push_back(item);
  }
  state_.average.swap();
  return record;
}

void Trainer::save(const Observers& observers) const {
  check_finite();
  if (group_.leads() && observers.save_resumable) {
    observers.save_resumable(resumable());
  }
}

bool Trainer::run(const Observers& observers) {
  state_.model.network().synchronise(group_);
  if (!group_.alone()) {
    save(observers);  // whenever a process is lost, even process 0, there is something to go on from
  }
  try {
    if (!run_steps(observers)) {
      return false;
    }
  } catch (const parallel::ProcessLost&) {
    save(observers);
    throw;
  }
  state_.model.network().synchronise(parallel::single_process());
  state_.model.network().relax({});
  state_.model.network().multiply_in(nn::Precision::kFloat32);
  if (recipe_.recalibration_images > 0) {
    recalibrate_batch_norm(state_.model, data_.train, static_cast<std::size_t>(recipe_.recalibration_images));
  }
  check_finite();
  return true;
}

bool Trainer::run_steps(const Observers& observers) {
  const std::int64_t total_steps = recipe_.epochs * steps_per_epoch_;
  const auto images_at = [&](std::int64_t step) { return step * recipe_.batch_size; };
  data::Loader loader(data_.train, loader_options(recipe_, group_), state_.step / steps_per_epoch_,
                      state_.step % steps_per_epoch_);
  Clock::time_point begin = Clock::now();
  std::int64_t begin_step = state_.step;
  while (state_.step < total_steps) {
    const std::vector<double> losses = train_step(loader.next());
    ++state_.step;
    if (observers.on_step) {
      observers.on_step({static_cast<int>((state_.step - 1) / steps_per_epoch_) + 1, images_at(state_.step),
                         images_at(total_steps), losses.back()});
    }
    if (state_.step % steps_per_epoch_ == 0) {
      const std::chrono::duration<double> seconds = Clock::now() - begin;
      std::optional<EpochRecord> record;
      if (group_.leads()) {
        record = record_epoch(seconds.count(), images_at(state_.step - begin_step));
      }
      std::fill(state_.loss_sums.begin(), state_.loss_sums.end(), 0.0);
      // Saved before it is told: whoever listens may fail.
      const std::int64_t epoch = state_.step / steps_per_epoch_;
      if (recipe_.checkpoint_every_epochs > 0 && epoch % recipe_.checkpoint_every_epochs == 0 &&
          state_.step < total_steps) {
        save(observers);
      }
      if (record && observers.on_epoch) {
        observers.on_epoch(*record);
      }
      begin = Clock::now();
      begin_step = state_.step;
    }
    const bool asked = observers.stop_requested && observers.stop_requested();
    if (state_.step < total_steps && parallel::any_of(group_, asked)) {
      save(observers);
      return false;
    }
  }
  state_.average.swap();
  return true;
}

}  // namespace ns::train
