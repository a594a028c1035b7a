// Runs stages: a subnet of a network on a view of each image, for the samples that still need it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ns/anytime/classifier.h"
#include "ns/anytime/track.h"
#include "ns/augment/view.h"
#include "ns/data/dataset.h"

namespace ns::anytime {

struct Stage {
  augment::View view;
  int subnet = 1;
  double cost = 1;       ///< in any unit, the same for all stages
  unsigned network = 0;  ///< which of the classifiers that cooperate
  bool operator==(const Stage&) const = default;
};

/// "subnet 2", "flip", or "flip on subnet 2": what tells the stage from others of its list.
std::string name(const Stage& stage, bool views, bool subnets);

/// Time spent: wall clock, and all threads of the process together.
struct Seconds {
  double wall = 0, cpu = 0;
};

/// Called with the passes (samples × stages) done so far.
using Progress = std::function<void(std::size_t done)>;

/// What one run over a data set gives.
struct AdaptiveRun {
  Outcome outcome;
  StageLogits logits;            ///< of every stage, if they were asked for
  std::vector<Seconds> seconds;  ///< [pass]: views, network and rule of that pass
  Seconds total() const;
};

class StageRunner {
 public:
  /// All must outlive the runner.
  StageRunner(Classifier& classifier, const data::Dataset& dataset)
      : StageRunner(std::vector<Classifier*>{&classifier}, dataset) {}
  /// Networks that cooperate: at least one, all of the same classes.
  StageRunner(std::vector<Classifier*> classifiers, const data::Dataset& dataset)
      : classifiers_(std::move(classifiers)), dataset_(dataset) {}

  /// Pass by pass: the stage on all undecided samples, gathered into full batches, then the rule on each. So
  /// a pass costs what it costs in plain evaluation. keep_logits keeps those of samples that got there; with
  /// a rule that never stops that is everything.
  AdaptiveRun run(std::span<const Stage> stages, const StoppingRule& rule, const ScorerFactory& scorer,
                  bool keep_logits, const Progress& progress = {});

  /// Every stage on every sample.
  StageLogits all_logits(std::span<const Stage> stages, const Progress& progress = {});

 private:
  void run_stage(const Stage& stage, std::span<const std::uint32_t> samples, std::span<float> logits,
                 const Progress& progress);

  std::size_t classes() const { return classifiers_.front()->classes(); }

  std::vector<Classifier*> classifiers_;
  const data::Dataset& dataset_;
  std::size_t done_ = 0;
};

}  // namespace ns::anytime
