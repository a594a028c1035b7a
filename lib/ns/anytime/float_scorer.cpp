#include <algorithm>
#include <cmath>
#include <numbers>

#include "ns/anytime/scoring.h"
#include "ns/base/error.h"
#include "ns/metrics/accuracy.h"

namespace ns::anytime {
namespace {

using Values = std::vector<double>;

int largest(const Values& values) {
  return metrics::argmax(std::span<const double>(values));
}

Values softmax(const Values& logits, double* log_sum = nullptr) {
  const double most = *std::ranges::max_element(logits);
  Values p(logits.size());
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    sum += p[i] = std::exp(logits[i] - most);
  }
  for (double& value : p) {
    value /= sum;
  }
  if (log_sum != nullptr) {
    *log_sum = most + std::log(sum);
  }
  return p;
}

class FloatScorer : public Scorer {
 public:
  FloatScorer(const Scoring& scoring, std::size_t classes) : scoring_(scoring), sums_(classes) {}

  Verdict add(std::span<const float> logits) override {
    if (logits.size() != sums_.size()) {
      throw internal_error("logits of another number of classes");
    }
    const Values values(logits.begin(), logits.end());
    double log_sum = 0;
    const Values own = softmax(values, &log_sum);
    const Values p = aggregate(values, own, log_sum);
    if (scoring_.confidence == Confidence::kInterval) {
      history_.push_back(own);
    }
    ++stages_;
    const int answer = stages_ == 1 ? largest(values) : largest(p);
    const double probability = p[static_cast<std::size_t>(answer)];
    return {answer, score(p, answer), probability};
  }

 private:
  double weight() const {
    return scoring_.aggregate == Aggregate::kWeighted
               ? static_cast<double>(scoring_.weights.at(stages_)) / kWeightUnits
               : 1.0;
  }

  // The sums after this stage, and the probabilities they mean.
  Values aggregate(const Values& logits, const Values& own, double log_sum) {
    const double w = weight();
    weights_ += w;
    const std::size_t classes = sums_.size();
    Values p(classes);
    switch (scoring_.aggregate) {
      case Aggregate::kReplace:
        return own;
      case Aggregate::kMax: {
        double sum = 0;
        for (std::size_t i = 0; i < classes; ++i) {
          sum += sums_[i] = std::max(sums_[i], own[i]);
        }
        std::ranges::transform(sums_, p.begin(), [&](double value) { return value / sum; });
        return p;
      }
      case Aggregate::kVote:
        sums_[static_cast<std::size_t>(largest(logits))] += w;
        break;
      default:
        for (std::size_t i = 0; i < classes; ++i) {
          sums_[i] += w * (scoring_.aggregate == Aggregate::kMeanLogit   ? logits[i]
                           : scoring_.aggregate == Aggregate::kGeometric ? logits[i] - log_sum
                                                                         : own[i]);
        }
    }
    std::ranges::transform(sums_, p.begin(), [&](double value) { return value / weights_; });
    if (scoring_.aggregate == Aggregate::kMeanLogit) {
      return softmax(p);
    }
    if (scoring_.aggregate == Aggregate::kGeometric) {
      std::ranges::transform(p, p.begin(), [](double value) { return std::exp(value); });
    }
    return p;
  }

  double score(const Values& p, int answer) const {
    const auto best = static_cast<std::size_t>(answer);
    if (scoring_.confidence == Confidence::kMaxProbability) {
      return p[best];
    }
    if (scoring_.confidence == Confidence::kEntropy) {
      double entropy = 0;
      for (const double value : p) {
        entropy -= value > 0 ? value * std::log(value) : 0.0;
      }
      return std::max(0.0, 1 - entropy / std::log(static_cast<double>(p.size())));
    }
    std::size_t second = best == 0 ? 1 : 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      if (i != best && p[i] > p[second]) {
        second = i;
      }
    }
    return scoring_.confidence == Confidence::kMargin ? std::max(0.0, p[best] - p[second])
                                                      : interval(best, second);
  }

  double interval(std::size_t best, std::size_t second) const {
    const auto n = static_cast<double>(history_.size());
    double sum = 0, squares = 0;
    for (const Values& p : history_) {
      const double d = p[best] - p[second];
      sum += d;
      squares += d * d;
    }
    if (history_.size() < 2 || sum <= 0) {
      return 0;
    }
    const double spread = n * squares - sum * sum;
    return spread <= 0
               ? 1.0
               : t_level(std::sqrt(sum * sum * (n - 1) / spread), static_cast<int>(history_.size()) - 1);
  }

  Scoring scoring_;
  Values sums_;
  double weights_ = 0;
  std::size_t stages_ = 0;
  std::vector<Values> history_;
};

}  // namespace

ScorerFactory float_scorer(const Scoring& scoring, std::size_t classes) {
  if (classes < 2) {
    throw internal_error("confidence needs at least two classes");
  }
  if (scoring.aggregate == Aggregate::kWeighted && scoring.weights.empty()) {
    throw internal_error("a weighted aggregate without weights");
  }
  return [scoring, classes] { return std::make_unique<FloatScorer>(scoring, classes); };
}

double t_level(double t, int degrees) {
  const double angle = std::atan2(t, std::sqrt(static_cast<double>(degrees)));
  const double cosine = std::cos(angle), sine = std::sin(angle);
  double term = degrees % 2 == 1 ? cosine : 1.0, sum = 0;
  for (int i = degrees % 2 == 1 ? 2 : 1; i < degrees; i += 2) {
    sum += term;
    term *= cosine * cosine * i / (i + 1);
  }
  return degrees % 2 == 1 ? 2 / std::numbers::pi * (angle + sine * sum) : sine * sum;
}

}  // namespace ns::anytime
