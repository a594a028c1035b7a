// Stages and stopping rule of a cooperative model, as they lie in the file (docs/format/nsm.md, STGS).
#pragma once

#include <cstddef>

#include "model/view.h"
#include "nsrt/anytime.h"

namespace nsrt {

constexpr std::uint32_t kStagesBytes = 32, kStageBytes = 16;

// nsrt_rule points into the file.
static_assert(sizeof(nsrt_stage) == kStageBytes && offsetof(nsrt_stage, view) == 4 &&
              offsetof(nsrt_view, flip) == 4 && offsetof(nsrt_stage, weight) == 12);

/// Its pointers are only good if the section is as long as stages_bytes says.
nsrt_rule rule_of(const Region& stgs);
/// Length of a section with this rule.
std::uint64_t stages_bytes(const nsrt_rule& rule);

}  // namespace nsrt
