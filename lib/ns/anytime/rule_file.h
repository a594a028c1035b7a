// A calibrated rule as a file, schema nestkit.rule/1 (docs/format/rule.md).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ns/anytime/scoring.h"
#include "ns/anytime/stopping_rule.h"
#include "ns/tensor/image_shape.h"

namespace ns::anytime {

struct RuleFile {
  std::string model_sha256;  ///< thresholds mean nothing for any other model
  struct Stage {
    std::string view;
    int subnet = 1;
    bool operator==(const Stage&) const = default;
  };
  std::vector<Stage> stages;
  Scoring scoring;
  StoppingRule rule;
};

nlohmann::ordered_json to_json(const RuleFile& file);

/// Throws Error(kInput) naming the file and the key: what is missing, of another type, out of range or does
/// not fit together. Views are checked where the images are known.
RuleFile read_rule(const std::string& path);

}  // namespace ns::anytime
