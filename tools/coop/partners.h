// The models that cooperate, and those that are evaluated beside them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coop/options.h"
#include "ns/anytime/stage_runner.h"
#include "ns/deploy/cycle_estimate.h"
#include "ns/deploy/packed_classifier.h"

struct Partner {
  std::string name, path;  // as given; the file
  ns::augment::View view;  // of the image that it is asked about
  std::string network, sha256;
  unsigned model = 0;  // its place in Partners::models
  int subnet = 1;
  double macs = 0, cost = 0;  // cost: multiply-accumulates, or instructions on the emulated Cortex-M7
  ns::deploy::CycleEstimate cycles;
  std::uint64_t flash_bytes = 0, arena_bytes = 0;  // of its whole file
};

struct Partners {
  std::vector<Partner> stages, beside;
  std::vector<std::unique_ptr<ns::deploy::PackedModel>> models;  // those of the stages first, each file once
  std::size_t stage_models = 0;
  std::vector<std::unique_ptr<ns::deploy::PackedClassifier>> classifiers;
  int held_out = -1;  // least of the models that cooperate; -1: unknown
  std::string held_out_by;
  std::string cost_unit = "macs";

  std::vector<ns::anytime::Classifier*> runners() const;
  std::vector<const ns::deploy::PackedModel*> parts() const;
  /// Of the partners that cooperate, then of those beside them.
  std::vector<ns::anytime::Stage> all_stages() const;
  std::vector<ns::anytime::Stage> stages_only() const;
  /// The stage that all together are compared with: the last model, asked about the image itself.
  std::size_t baseline() const;
  std::size_t classes() const { return classifiers.front()->classes(); }
};

/// The files that the options name, without subnets and views.
std::vector<std::string> files_of(const CoopOptions& options);

/// Opens and checks everything; costs come from the emulator if that is a target. Throws ns::Error(kInput)
/// for models that are bad or do not go together, ns::Error(kUsage) for a subnet that does not exist.
Partners open_partners(const CoopOptions& options, const ns::data::Dataset& dataset);
