#include "ns/detect/multi_box_loss.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "ns/base/error.h"
#include "ns/detect/matching.h"

namespace ns::detect {
namespace {

constexpr std::int64_t kNegativesPerObject = 3;

template <class T>
double log_sum_exp(std::span<const T> row) {
  const auto largest = static_cast<double>(*std::ranges::max_element(row));
  double sum = 0;
  for (const T value : row) sum += std::exp(static_cast<double>(value) - largest);
  return largest + std::log(sum);
}

// 0.5 d² up to |d| = 1, |d| − 0.5 beyond.
double smooth_l1(double d) {
  return std::abs(d) < 1 ? 0.5 * d * d : std::abs(d) - 0.5;
}

// The background boxes that count: those that the network likes least to call background.
std::vector<std::size_t> hard_negatives(const Targets& targets, std::span<const double> losses) {
  std::vector<std::size_t> negatives;
  for (std::size_t d = 0; d < losses.size(); ++d) {
    if (targets.classes[d] == 0) negatives.push_back(d);
  }
  const auto wanted =
      static_cast<std::size_t>(kNegativesPerObject * std::max<std::int64_t>(targets.objects, 1));
  if (negatives.size() > wanted) {
    const auto harder = [&](std::size_t a, std::size_t b) {
      return losses[a] != losses[b] ? losses[a] > losses[b] : a < b;
    };
    std::nth_element(negatives.begin(), negatives.begin() + static_cast<std::ptrdiff_t>(wanted),
                     negatives.end(), harder);
    negatives.resize(wanted);
    std::ranges::sort(negatives);
  }
  return negatives;
}

}  // namespace

Targets targets_of(std::span<const Box> default_boxes, std::span<const Truth> objects) {
  const std::vector<int> matched = match(default_boxes, objects);
  Targets targets{std::vector<std::int32_t>(default_boxes.size()), std::vector<BoxCode>(default_boxes.size()),
                  0};
  for (std::size_t d = 0; d < matched.size(); ++d) {
    if (matched[d] < 0) continue;
    const Truth& object = objects[static_cast<std::size_t>(matched[d])];
    targets.classes[d] = object.difficult ? -1 : object.label + 1;
    targets.codes[d] = encode(object.box, default_boxes[d]);
    targets.objects += object.difficult ? 0 : 1;
  }
  return targets;
}

template <class T>
double multi_box_loss(std::span<const T> scores, std::span<const T> codes, const Targets& targets,
                      double factor, std::span<T> scores_grad, std::span<T> codes_grad) {
  const std::size_t boxes = targets.classes.size(), columns = boxes > 0 ? scores.size() / boxes : 0;
  if (scores.size() != boxes * columns || codes.size() != boxes * 4 || scores_grad.size() != scores.size() ||
      codes_grad.size() != codes.size()) {
    throw internal_error("a detector's outputs do not fit its targets");
  }
  std::ranges::fill(scores_grad, T{0});
  std::ranges::fill(codes_grad, T{0});
  std::vector<double> log_sums(boxes), losses(boxes);
  std::vector<std::size_t> counted;
  for (std::size_t d = 0; d < boxes; ++d) {
    const std::int32_t wanted = std::max(targets.classes[d], 0);
    log_sums[d] = log_sum_exp(scores.subspan(d * columns, columns));
    losses[d] = log_sums[d] - static_cast<double>(scores[d * columns + static_cast<std::size_t>(wanted)]);
    if (targets.classes[d] > 0) counted.push_back(d);
  }
  double loss = 0;
  for (const std::size_t d : counted) {
    for (std::size_t k = 0; k < 4; ++k) {
      const double difference =
          static_cast<double>(codes[d * 4 + k]) - static_cast<double>(targets.codes[d][k]);
      loss += smooth_l1(difference);
      codes_grad[d * 4 + k] = static_cast<T>(factor * std::clamp(difference, -1.0, 1.0));
    }
  }
  std::ranges::copy(hard_negatives(targets, losses), std::back_inserter(counted));
  for (const std::size_t d : counted) {
    loss += losses[d];
    for (std::size_t c = 0; c < columns; ++c) {
      const double p = std::exp(static_cast<double>(scores[d * columns + c]) - log_sums[d]);
      const double wanted = static_cast<std::int32_t>(c) == targets.classes[d] ? 1.0 : 0.0;
      scores_grad[d * columns + c] = static_cast<T>(factor * (p - wanted));
    }
  }
  return loss;
}

template double multi_box_loss(std::span<const float>, std::span<const float>, const Targets&, double,
                               std::span<float>, std::span<float>);
template double multi_box_loss(std::span<const double>, std::span<const double>, const Targets&, double,
                               std::span<double>, std::span<double>);

}  // namespace ns::detect
