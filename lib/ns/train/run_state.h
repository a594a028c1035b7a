// All that changes while a run goes on, and its way through a checkpoint.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ns/checkpoint/profile.h"
#include "ns/nested/model.h"
#include "ns/nn/optimizer.h"
#include "ns/train/recipe.h"
#include "ns/train/weight_average.h"

namespace ns::train {

/// The rest follows from the recipe and `step`: the learning rate, the schedule of pruning, the order and
/// augmentation of the images.
struct RunState {
  RunState(const Recipe& recipe, nn::Graph graph);

  nested::Model model;
  std::unique_ptr<nn::Optimizer> optimizer;
  WeightAverage average;
  std::int64_t step = 0;                    ///< optimiser steps done
  std::vector<double> loss_sums;            ///< of the steps done in the present epoch; subnet 1 first
  bool levels_final = false;                ///< level maps stay as they are: pruning is over, or they came
                                            ///< with --init
  std::vector<std::string> parent_sha256s;  ///< checkpoints that this run began with
  std::string teacher_sha256;               ///< checkpoint of the teacher, or empty
  std::string sample_weights_sha256;        ///< file of the training images' weights, or empty
};

/// Every bank's parameters, statistics and optimiser state become those of bank 0.
void spread_bank_0(RunState& state);

/// The finished model: parameters, statistics and level maps.
checkpoint::Archive model_archive(const RunState& state, const Recipe& recipe,
                                  const std::string& data_manifest_sha256);

/// That and everything needed to continue exactly.
checkpoint::Archive resumable_archive(const RunState& state, const Recipe& recipe,
                                      const std::string& data_manifest_sha256);

/// Starts from a checkpoint's weights. A dense one fills every bank. A nested one needs a nested recipe of
/// the same sparsities, block and dense layers, and its level maps stay; a slimmable one a slimmable recipe
/// of the same widths. Throws Error(kUsage) if the recipe does not fit, Error(kInput) naming the first tensor
/// or layer that differs, or if pruning had not ended.
void start_from(const checkpoint::Archive& archive, const std::string& sha256, const Recipe& recipe,
                RunState& state);

/// Continues a resumable checkpoint. Throws Error(kUsage) naming the first recipe key that differs from the
/// interrupted run's, Error(kInput) if data, network or content differ or it is no resumable checkpoint.
void resume_from(const checkpoint::Archive& archive, const Recipe& recipe,
                 const std::string& data_manifest_sha256, RunState& state);

}  // namespace ns::train
