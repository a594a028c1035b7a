#include "ns/anytime/stage_choice.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ns/base/error.h"

namespace ns::anytime {

std::vector<std::size_t> greedy_order(const StageLogits& logits, std::span<const std::int32_t> labels,
                                      const ScorerFactory& scorer, std::size_t count) {
  count = std::min(count, logits.stages.size());
  std::vector<std::size_t> order{0}, left(logits.stages.size() - 1);
  std::iota(left.begin(), left.end(), std::size_t{1});
  while (order.size() < count) {
    std::size_t best = 0, most = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
      order.push_back(left[i]);
      const std::size_t correct = correct_after(track(logits, order, scorer), labels, order.size());
      order.pop_back();
      if (i == 0 || correct > most) {
        best = i;
        most = correct;
      }
    }
    order.push_back(left[best]);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return order;
}

std::size_t shortest_prefix(const Tracks& tracks, std::span<const std::int32_t> labels, double points,
                            std::size_t most) {
  most = std::min(most, tracks.passes);
  std::vector<double> correct;
  for (std::size_t pass = 1; pass <= most; ++pass) {
    correct.push_back(static_cast<double>(correct_after(tracks, labels, pass)));
  }
  const double enough =
      *std::ranges::max_element(correct) - points / 100 * static_cast<double>(tracks.samples);
  const auto found = std::ranges::find_if(correct, [&](double value) { return value >= enough - 1e-9; });
  return static_cast<std::size_t>(found - correct.begin()) + 1;
}

std::vector<int> learn_weights(const StageLogits& logits, std::span<const std::int32_t> labels,
                               std::span<const std::size_t> order) {
  const std::size_t stages = order.size();
  std::vector<double> of_label(logits.samples * stages);  // each stage's probability of the label
  for (std::size_t sample = 0; sample < logits.samples; ++sample) {
    for (std::size_t i = 0; i < stages; ++i) {
      const std::span<const float> row = logits.of(order[i], sample);
      const double most = *std::ranges::max_element(row);
      double sum = 0;
      for (const float value : row) {
        sum += std::exp(value - most);
      }
      const double own = row[static_cast<std::size_t>(labels[sample])];
      // A floor, so that one hopeless sample does not decide.
      of_label[sample * stages + i] = std::max(1e-6, std::exp(own - most) / sum);
    }
  }
  std::vector<double> weights(stages, 1.0 / static_cast<double>(stages)), next(stages);
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    std::ranges::fill(next, 0.0);
    for (std::size_t sample = 0; sample < logits.samples; ++sample) {
      const double* p = of_label.data() + sample * stages;
      const double sum = std::inner_product(weights.begin(), weights.end(), p, 0.0);
      for (std::size_t i = 0; i < stages; ++i) {
        next[i] += weights[i] * p[i] / sum;
      }
    }
    std::ranges::transform(next, weights.begin(),
                           [&](double value) { return value / static_cast<double>(logits.samples); });
  }
  const int spare = kWeightUnits - static_cast<int>(stages);
  std::vector<int> units;
  for (const double weight : weights) {
    units.push_back(1 + static_cast<int>(weight * spare));
  }
  return units;
}

StageChoice choose_stages(const StageLogits& logits, std::span<const std::int32_t> labels,
                          std::span<const double> costs, const ScorerFactory& scorer, double correct) {
  const std::size_t count = logits.stages.size();
  if (count < 1 || count > 8 || costs.size() != count) {
    throw internal_error("a choice among " + std::to_string(count) + " stages");
  }
  StageChoice best{{count - 1}, {0, 1, costs[count - 1], 0}};
  for (unsigned mask = 1; mask < 1u << count; ++mask) {
    std::vector<std::size_t> stages;
    std::vector<double> own_costs;
    for (std::size_t i = 0; i < count; ++i) {
      if ((mask >> i & 1) != 0) {
        stages.push_back(i);
        own_costs.push_back(costs[i]);
      }
    }
    const Tracks tracks = track(logits, stages, scorer);
    const auto curve = accuracy_cost_curve({tracks, labels, own_costs, 1, stages.size()});
    const CurvePoint point = cheapest_with(curve, correct, calibration_slack(labels.size()));
    if (static_cast<double>(point.correct) >= correct && point.mean_cost < best.point.mean_cost) {
      best = {stages, point};
    }
  }
  return best;
}

}  // namespace ns::anytime
