// One packed model of several: networks that answer one after the other until a rule says stop.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ns/base/json.h"
#include "ns/deploy/packed_model.h"
#include "ns/deploy/packed_rule.h"

namespace ns::deploy {

/// Bytes of a cooperative model: the networks of all parts in order, untouched, in one arena, and the rule,
/// whose stages count the networks in that order. `calibration` goes into META beside what the parts were
/// packed with. Equal parts and rule give equal bytes; the runtime's reader has accepted them. Throws
/// Error(kInput) naming two parts of different inputs or classes, a part that is cooperative itself, or more
/// networks than the format holds.
std::vector<std::uint8_t> combine(std::span<const PackedModel* const> parts, const PackedRule& rule,
                                  const Json& calibration);

/// What `combine` says of parts that do not go together.
void require_common_task(const PackedModel& first, const PackedModel& other);

}  // namespace ns::deploy
