// The chosen rule on test images: each partner alone, all together, as one cooperative model.
#pragma once

#include <optional>
#include <vector>

#include "coop/rules.h"
#include "ns/anytime/evaluation.h"

/// On the emulated Cortex-M7, with the rule that lies in the file.
struct BoardResult {
  std::size_t different = 0;                // verdicts that are not the host's, bit for bit
  std::vector<std::uint32_t> instructions;  // by image: networks and rule
  double mean_instructions = 0;
  std::uint32_t worst_instructions = 0;
};

struct CoopResult {
  std::vector<ns::anytime::Evaluation> alone;  // the stages' partners, then those beside them
  ns::anytime::Evaluation together;
  ns::anytime::Outcome outcome;
  std::vector<int> last_answers;                        // of the last partner alone
  ns::anytime::Comparison over_last;                    // together against the last partner alone
  std::vector<std::size_t> reached;                     // by stage: images that came so far
  std::vector<ns::anytime::CurvePoint> curve;           // of the test images
  std::vector<std::uint8_t> file;                       // the cooperative model
  std::uint64_t arena_bytes = 0;                        // one for all networks
  std::uint64_t ram_bytes = 0;                          // arena, input, logits and the rule's memory
  double worst_cost = 0;                                // an image that needs all stages
  ns::deploy::CycleEstimate mean_cycles, worst_cycles;  // with the emulator
  std::optional<BoardResult> board;

  double cost_saved(const Partners& partners) const {
    return partners.stages.back().cost / together.mean_cost;
  }
};

/// Throws ns::Error(kInternal) if the file does not decide as it was calibrated.
CoopResult evaluate_rule(const CoopOptions& options, const Partners& partners, const Calibration& calibration,
                         const ns::data::Dataset& test);
