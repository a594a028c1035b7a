#include <algorithm>

#include "ns/anytime/scoring.h"
#include "ns/base/error.h"
#include "ns/base/nearest.h"

namespace ns::anytime {
namespace {

std::size_t index_of(const std::string& word, const std::vector<std::string>& known,
                     const std::string& what) {
  const auto found = std::ranges::find(known, word);
  if (found == known.end()) {
    std::string list;
    for (const std::string& candidate : known) {
      list += (list.empty() ? "" : ", ") + candidate;
    }
    throw usage_error("unknown " + what + " '" + word + "', known: " + list, nearest_hint(word, known));
  }
  return static_cast<std::size_t>(found - known.begin());
}

}  // namespace

std::vector<std::string> aggregate_names() {
  return {"mean", "mean_logit", "geometric", "max", "vote", "weighted", "replace"};
}

std::vector<std::string> confidence_names() {
  return {"max_probability", "margin", "entropy", "interval"};
}

std::string name(Aggregate aggregate) {
  return aggregate_names().at(static_cast<std::size_t>(aggregate));
}

std::string name(Confidence confidence) {
  return confidence_names().at(static_cast<std::size_t>(confidence));
}

Aggregate aggregate_of(const std::string& word) {
  return static_cast<Aggregate>(index_of(word, aggregate_names(), "aggregate"));
}

Confidence confidence_of(const std::string& word) {
  return static_cast<Confidence>(index_of(word, confidence_names(), "confidence"));
}

}  // namespace ns::anytime
