#include "ns/anytime/track.h"

#include "ns/base/error.h"

namespace ns::anytime {

Tracks track(const StageLogits& logits, std::span<const std::size_t> order, const ScorerFactory& scorer) {
  Tracks tracks{logits.samples, order.size(), {}};
  tracks.verdicts.reserve(tracks.samples * tracks.passes);
  for (std::size_t sample = 0; sample < tracks.samples; ++sample) {
    const std::unique_ptr<Scorer> one = scorer();
    for (const std::size_t stage : order) {
      tracks.verdicts.push_back(one->add(logits.of(stage, sample)));
    }
  }
  return tracks;
}

Outcome stop(const Tracks& tracks, const StoppingRule& rule) {
  if (rule.max_passes < 1 || rule.max_passes > tracks.passes) {
    throw internal_error("a stopping rule of more passes than there are stages");
  }
  Outcome outcome;
  for (std::size_t sample = 0; sample < tracks.samples; ++sample) {
    std::size_t pass = 1;
    while (!rule.stops(pass, tracks.at(sample, pass - 1))) {
      ++pass;
    }
    outcome.verdicts.push_back(tracks.at(sample, pass - 1));
    outcome.passes.push_back(static_cast<std::uint16_t>(pass));
  }
  return outcome;
}

std::size_t correct_after(const Tracks& tracks, std::span<const std::int32_t> labels, std::size_t pass) {
  std::size_t correct = 0;
  for (std::size_t sample = 0; sample < tracks.samples; ++sample) {
    correct += tracks.at(sample, pass - 1).answer == labels[sample];
  }
  return correct;
}

}  // namespace ns::anytime
