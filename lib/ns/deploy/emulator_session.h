// Packed models on the emulated Cortex-M7: outputs to compare with the host's, instruction counts to report.
#pragma once

#include "ns/deploy/emulator_process.h"
#include "ns/deploy/engine.h"

namespace ns::deploy {

/// Executed Cortex-M7 instructions of one inference; exact (±1 per figure) and the same in every run.
struct SubnetCost {
  unsigned subnet = 1;
  std::vector<std::uint64_t> operators;  ///< by operator index; the first includes the call's own start
  std::uint64_t total = 0;               ///< of nsrt_run
  std::uint64_t detection = 0;           ///< of nsrt_detect on its outputs, of a detector
  std::uint32_t stack_bytes = 0;  ///< how deep the stack grew below the call of nsrt_run; 0: not measured
};

/// Errors of all its functions: Error(kEnvironment) for a missing ELF or emulator, a fault, silence, a failed
/// transfer; Error(kInput) if the board refuses the model, e.g. because it does not fit.
class EmulatorSession : public Engine {
 public:
  /// `model` must outlive the session.
  EmulatorSession(const PackedModel& model, EmulatorOptions options);

  const PackedModel& model() const override { return model_; }
  /// Streams the inputs to `options.processes` emulators at once.
  Outputs run(const Batch& batch, const Progress& progress = {}) override;
  /// One inference of every subnet, smallest first. `progress` is told 0 until all are done.
  std::vector<SubnetCost> measure_speed(unsigned network = 0, const Progress& progress = {});
  /// Validation on the board and the model's own test vector on every subnet; Error(kCheck) if a byte
  /// differs.
  void self_test();

 private:
  void expect_success(int status, const std::string& console) const;

  const PackedModel& model_;
  EmulatorOptions options_;
};

}  // namespace ns::deploy
