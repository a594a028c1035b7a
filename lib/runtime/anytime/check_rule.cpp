// Apart from what runs rules: a reader of models needs only this.
#include <cstdint>

#include "nsrt/anytime.h"

extern "C" nsrt_status nsrt_check_rule(const nsrt_rule* rule) {
  const bool sizes = rule->classes >= 2 && rule->max_passes >= 1 && rule->max_passes <= NSRT_MOST_STAGES &&
                     rule->min_passes >= 1 && rule->min_passes <= rule->max_passes;
  const bool kinds = rule->aggregate <= NSRT_REPLACE && rule->confidence <= NSRT_INTERVAL;
  const bool tables = rule->stages != nullptr && rule->thresholds != nullptr &&
                      (rule->threshold_rows == 1 || rule->threshold_rows == rule->max_passes) &&
                      (rule->threshold_columns == 1 || rule->threshold_columns == rule->classes);
  if (!sizes || !kinds || !tables) return NSRT_BAD_ARGUMENT;
  std::uint32_t weights = 0;
  for (unsigned i = 0; i < rule->max_passes; ++i) {
    const std::uint32_t weight = rule->stages[i].weight;
    if (weight == 0 || weight > NSRT_WEIGHTS_SUM) return NSRT_BAD_ARGUMENT;
    weights += weight;
  }
  return weights <= NSRT_WEIGHTS_SUM ? NSRT_OK : NSRT_BAD_ARGUMENT;
}
