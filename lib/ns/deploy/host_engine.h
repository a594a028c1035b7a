// Packed models on this computer, with the runtime's fast kernels, on several threads.
#pragma once

#include "ns/deploy/engine.h"

namespace ns::deploy {

class HostEngine : public Engine {
 public:
  /// `model` must outlive the engine. threads = 0: one per core.
  explicit HostEngine(const PackedModel& model, unsigned threads = 0);

  const PackedModel& model() const override { return model_; }
  Outputs run(const Batch& batch, const Progress& progress = {}) override;

 private:
  const PackedModel& model_;
  unsigned threads_;
};

/// Runs the model's own test vector on every subnet. Throws Error(kInternal) if a byte differs: kernels or
/// packer are wrong.
void self_test(const PackedModel& model);

}  // namespace ns::deploy
