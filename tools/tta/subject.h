// The model under evaluation, float or packed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ns/anytime/classifier.h"
#include "ns/anytime/scoring.h"
#include "ns/data/dataset.h"
#include "ns/deploy/packed_model.h"

struct Subject {
  std::string path, sha256;
  std::unique_ptr<ns::deploy::PackedModel> packed;  // null: a float checkpoint
  std::unique_ptr<ns::anytime::Classifier> classifier;
  int held_out = -1;  // last training images that training did not see; -1: unknown
  std::string cost_unit = "macs";
  std::vector<double> costs;  // of one pass, by subnet - 1: multiply-accumulates on its weights

  /// Scores of the model's own kind: the runtime's integers for a packed model.
  ns::anytime::ScorerFactory scorer(const ns::anytime::Scoring& scoring, std::size_t stages) const;
  double cost(int subnet) const { return costs.at(static_cast<std::size_t>(subnet) - 1); }
  /// From now on costs are instructions on the emulated Cortex-M7. Throws ns::Error(kUsage) for a float
  /// model.
  void count_instructions(const std::string& firmware);
};

/// Packed if the file begins like one or is called .nsm, else a checkpoint. Throws ns::Error(kInput) for a
/// bad model or one of other images or classes, ns::Error(kUsage) for a checkpoint in a build without
/// training.
Subject open_subject(const std::string& path, const ns::data::Dataset& dataset, int threads);
