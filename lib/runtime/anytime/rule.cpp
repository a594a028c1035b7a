// Aggregation of class scores over stages, confidence, and the decision to stop (docs/numerics.md).
#include "anytime/exponential.h"
#include "nsrt/anytime.h"

namespace nsrt {
namespace {

/// The parts of the caller's working memory: sums over stages (unsigned or signed words), the aggregate's
/// probabilities, and each stage's own.
struct Work {
  std::uint32_t* sums;
  std::uint32_t* mean;
  std::uint32_t* history;  // [stage][class]

  Work(std::uint32_t* words, unsigned classes)
      : sums(words), mean(words + classes), history(words + 2 * classes) {}
};

/// floor(sum / count + 1/2), count > 0
std::int32_t mean_of(std::int32_t sum, std::uint32_t count) {
  const auto divisor = static_cast<std::int32_t>(count);
  const std::int32_t dividend = sum + divisor / 2;
  const std::int32_t quotient = dividend / divisor;
  return quotient * divisor > dividend ? quotient - 1 : quotient;
}

template <class T>
unsigned largest(const T* values, unsigned count) {
  unsigned best = 0;
  for (unsigned i = 1; i < count; ++i) {
    if (values[i] > values[best]) best = i;
  }
  return best;
}

template <class T>
unsigned runner_up(const T* values, unsigned count, unsigned best) {
  unsigned second = best == 0 ? 1 : 0;
  for (unsigned i = second + 1; i < count; ++i) {
    if (i != best && values[i] > values[second]) second = i;
  }
  return second;
}

/// Probabilities of logits in units of 1/256; returns ln Σ exp(logit − largest) in units of 1/65536.
template <class T>
std::uint32_t softmax(const T* logits, unsigned classes, std::uint32_t* probabilities) {
  const std::int32_t most = logits[largest(logits, classes)];
  std::uint32_t sum = 0;
  for (unsigned i = 0; i < classes; ++i) {
    probabilities[i] = exp_of_minus(static_cast<std::uint32_t>(most - logits[i]));
    sum += probabilities[i];
  }
  for (unsigned i = 0; i < classes; ++i) {
    probabilities[i] = static_cast<std::uint32_t>(((std::uint64_t{probabilities[i]} << 16) + sum / 2) / sum);
  }
  return ln(sum) - ln(kOne);
}

std::uint32_t total_weight(const nsrt_rule& rule, unsigned stages) {
  std::uint32_t sum = 0;
  for (unsigned i = 0; i < stages; ++i) sum += rule.stages[i].weight;
  return sum;
}

// Each returns the answer and leaves the aggregate's probabilities in work.mean. `logits` are those of stage
// `index`, whose probabilities `own` are.

unsigned mean_probability(const nsrt_rule& rule, const Work& work, unsigned index, const std::uint32_t* own) {
  const std::uint32_t weight = rule.stages[index].weight, weights = total_weight(rule, index + 1);
  for (unsigned i = 0; i < rule.classes; ++i) {
    work.sums[i] += weight * own[i];
    work.mean[i] = (work.sums[i] + weights / 2) / weights;
  }
  return largest(work.sums, rule.classes);
}

unsigned mean_logit(const nsrt_rule& rule, const Work& work, unsigned index, const std::int16_t* logits) {
  const std::uint32_t weights = total_weight(rule, index + 1);
  auto* const sums = reinterpret_cast<std::int32_t*>(work.sums);
  auto* const means = reinterpret_cast<std::int32_t*>(work.mean);
  for (unsigned i = 0; i < rule.classes; ++i) {
    sums[i] += static_cast<std::int32_t>(rule.stages[index].weight) * logits[i];
    means[i] = mean_of(sums[i], weights);
  }
  const unsigned answer = largest(sums, rule.classes);
  softmax(means, rule.classes, work.mean);
  return answer;
}

unsigned geometric(const nsrt_rule& rule, const Work& work, unsigned index, const std::int16_t* logits,
                   std::uint32_t log_sum) {
  const std::uint32_t weights = total_weight(rule, index + 1);
  auto* const sums = reinterpret_cast<std::int32_t*>(work.sums);
  const std::int32_t most = logits[largest(logits, rule.classes)];
  const auto excess = static_cast<std::int32_t>((log_sum + 128) >> 8);
  for (unsigned i = 0; i < rule.classes; ++i) {
    // −ln p in units of 1/256, cut where exp is zero anyway: the sum stays below 2^12·2^13.
    const std::int32_t minus_log = most - logits[i] + excess;
    sums[i] -= static_cast<std::int32_t>(rule.stages[index].weight) * (minus_log < 8191 ? minus_log : 8191);
    work.mean[i] = exp_of_minus(static_cast<std::uint32_t>(-mean_of(sums[i], weights)));
  }
  return largest(sums, rule.classes);
}

unsigned maximum(const nsrt_rule& rule, const Work& work, const std::uint32_t* own) {
  std::uint32_t sum = 0;
  for (unsigned i = 0; i < rule.classes; ++i) {
    if (own[i] > work.sums[i]) work.sums[i] = own[i];
    sum += work.sums[i];
  }
  for (unsigned i = 0; i < rule.classes; ++i)
    work.mean[i] = static_cast<std::uint32_t>(((std::uint64_t{work.sums[i]} << 16) + sum / 2) / sum);
  return largest(work.sums, rule.classes);
}

unsigned vote(const nsrt_rule& rule, const Work& work, unsigned index, const std::int16_t* logits) {
  work.sums[largest(logits, rule.classes)] += rule.stages[index].weight;
  const std::uint32_t weights = total_weight(rule, index + 1);
  for (unsigned i = 0; i < rule.classes; ++i) {
    work.mean[i] = static_cast<std::uint32_t>(((std::uint64_t{work.sums[i]} << 16) + weights / 2) / weights);
  }
  return largest(work.sums, rule.classes);
}

unsigned replace(const nsrt_rule& rule, const Work& work, const std::int16_t* logits,
                 const std::uint32_t* own) {
  for (unsigned i = 0; i < rule.classes; ++i) work.mean[i] = own[i];
  return largest(logits, rule.classes);
}

std::uint32_t entropy_score(const std::uint32_t* p, unsigned classes) {
  std::uint64_t entropy = 0;  // in units of 2^−32
  for (unsigned i = 0; i < classes; ++i) {
    if (p[i] != 0 && p[i] < kOne) entropy += std::uint64_t{p[i]} * (ln(kOne) - ln(p[i]));
  }
  const std::uint64_t fraction = entropy / ln(classes);
  return fraction >= kOne ? 0 : kOne - static_cast<std::uint32_t>(fraction);
}

/// t² = (Σd)²·(n − 1) / (n·Σd² − (Σd)²) of the differences d between two classes over n stages.
std::uint32_t squared_t(const nsrt_rule& rule, const Work& work, unsigned stages, unsigned answer,
                        unsigned second) {
  std::int64_t sum = 0, squares = 0;
  for (unsigned stage = 0; stage < stages; ++stage) {
    const std::uint32_t* p = work.history + stage * rule.classes;
    // In units of 2^−12, so that all products below fit 64 bits.
    const std::int64_t d = (static_cast<std::int64_t>(p[answer]) - static_cast<std::int64_t>(p[second])) >> 4;
    sum += d;
    squares += d * d;
  }
  if (stages < 2 || sum <= 0) return 0;
  const std::int64_t spread = stages * squares - sum * sum;
  const auto numerator = static_cast<std::uint64_t>(sum * sum) * (stages - 1);
  if (spread <= 0 || numerator / static_cast<std::uint64_t>(spread) >= kOne) return 0xffffffffu;
  return static_cast<std::uint32_t>((numerator << 16) / static_cast<std::uint64_t>(spread));
}

std::uint32_t score_of(const nsrt_rule& rule, const Work& work, unsigned stages, unsigned answer) {
  const std::uint32_t* p = work.mean;
  switch (rule.confidence) {
    case NSRT_MAX_PROBABILITY:
      return p[answer];
    case NSRT_ENTROPY:
      return entropy_score(p, rule.classes);
    default:
      break;
  }
  const unsigned second = runner_up(p, rule.classes, answer);
  if (rule.confidence == NSRT_INTERVAL) return squared_t(rule, work, stages, answer, second);
  return p[answer] > p[second] ? p[answer] - p[second] : 0;
}

}  // namespace
}  // namespace nsrt

extern "C" int nsrt_add_stage(const nsrt_rule* rule, uint32_t* words, const int16_t* logits,
                              nsrt_verdict* verdict) {
  const unsigned index = verdict->passes, classes = rule->classes;
  const nsrt::Work work(words, classes);
  if (index == 0) {
    for (unsigned i = 0; i < classes; ++i) work.sums[i] = 0;
  }
  std::uint32_t* const own = work.history + index * classes;
  const std::uint32_t log_sum = nsrt::softmax(logits, classes, own);
  unsigned answer = 0;
  switch (rule->aggregate) {
    case NSRT_MEAN_PROBABILITY:
      answer = nsrt::mean_probability(*rule, work, index, own);
      break;
    case NSRT_MEAN_LOGIT:
      answer = nsrt::mean_logit(*rule, work, index, logits);
      break;
    case NSRT_GEOMETRIC:
      answer = nsrt::geometric(*rule, work, index, logits, log_sum);
      break;
    case NSRT_MAX:
      answer = nsrt::maximum(*rule, work, own);
      break;
    case NSRT_VOTE:
      answer = nsrt::vote(*rule, work, index, logits);
      break;
    default:
      answer = nsrt::replace(*rule, work, logits, own);
      break;
  }
  // Rounding may have made two probabilities equal.
  if (index == 0) answer = nsrt::largest(logits, classes);
  const unsigned stages = index + 1;
  verdict->answer = static_cast<uint16_t>(answer);
  verdict->passes = static_cast<uint16_t>(stages);
  verdict->probability = work.mean[answer];
  verdict->score = nsrt::score_of(*rule, work, stages, answer);
  const std::uint32_t threshold = rule->thresholds[index % rule->threshold_rows * rule->threshold_columns +
                                                   answer % rule->threshold_columns];
  return stages >= rule->max_passes || (stages >= rule->min_passes && verdict->score >= threshold);
}
