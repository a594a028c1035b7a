// What the config of a training says of its data: in checkpoints (docs/format/checkpoint.md) and in the
// packed models made of them (docs/format/nsm.md, META).
#pragma once

#include <string>
#include <string_view>

namespace ns::checkpoint {

struct TrainingData {
  std::string dataset;  ///< its name; empty if the config does not say: random weights
  int held_out = -1;  ///< last training images that the training did not see; −1 if the config does not say
};

/// Of a cooperative model's config, the data set is that of its first model that says one. Throws
/// Error(kInput) beginning with `origin` for a text that is no JSON object and for values of other types.
TrainingData training_data(std::string_view config, const std::string& origin);

}  // namespace ns::checkpoint
