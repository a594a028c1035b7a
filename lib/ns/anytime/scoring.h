// Anytime prediction: the class scores of one input arrive stage by stage (views of an image, subnets,
// members of an ensemble, partners), are aggregated, and the aggregate says how sure it is.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ns::anytime {

enum class Aggregate {
  kMean,       ///< mean of the stages' probabilities
  kMeanLogit,  ///< probabilities of the mean logits
  kGeometric,  ///< geometric mean of probabilities, not normalised: below 1 in all where stages differ
  kMax,        ///< per class the largest probability, scaled to a sum of 1
  kVote,       ///< fraction of the stages whose answer it is
  kWeighted,   ///< mean of probabilities with weights learned per stage (stage_weights.h)
  kReplace     ///< the last stage's probabilities
};

enum class Confidence {
  kMaxProbability,  ///< of the answer
  kMargin,          ///< answer's probability less the runner-up's
  kEntropy,         ///< 1 − entropy / ln(classes)
  kInterval  ///< confidence level at which a paired t-test over the stages keeps the answer's probability
             ///< apart from the runner-up's; 0 after one stage. After Inoue, AISTATS 2019, who lets the level
             ///< that an estimate has reached decide instead of a tuned threshold
};

/// "mean", "mean_logit", "geometric", "max", "vote", "weighted", "replace", in the order of the enum.
std::vector<std::string> aggregate_names();
/// "max_probability", "margin", "entropy", "interval"
std::vector<std::string> confidence_names();
std::string name(Aggregate aggregate);
std::string name(Confidence confidence);
/// Throw Error(kUsage) for an unknown word, with the nearest known one.
Aggregate aggregate_of(const std::string& word);
Confidence confidence_of(const std::string& word);

/// Sum of the weights of all stages: weights are whole multiples of 1/kWeightUnits, so that microcontrollers
/// have them exactly.
inline constexpr int kWeightUnits = 4096;

struct Scoring {
  Aggregate aggregate = Aggregate::kMean;
  Confidence confidence = Confidence::kMaxProbability;
  std::vector<int> weights;  ///< kWeighted: of every stage, in units, each at least 1
};

/// What is known after some stages.
struct Verdict {
  int answer = 0;          ///< class; the lowest of equals
  double score = 0;        ///< the confidence, larger is surer, 0 … 1
  double probability = 0;  ///< the aggregate's probability of the answer
};

/// One input on its way through the stages.
class Scorer {
 public:
  virtual ~Scorer() = default;
  /// The next stage's logits, one per class.
  virtual Verdict add(std::span<const float> logits) = 0;
};
using ScorerFactory = std::function<std::unique_ptr<Scorer>()>;

/// In double precision, for float models. Packed models have integers (deploy/packed_scorer.h). Throws
/// Error(kInternal) if kWeighted has no weights.
ScorerFactory float_scorer(const Scoring& scoring, std::size_t classes);

/// Two-sided confidence level of Student's t with `degrees` ≥ 1 degrees of freedom: P(|T| ≤ t), for t ≥ 0.
/// Abramowitz and Stegun, 26.7.3 and 26.7.4.
double t_level(double t, int degrees);

}  // namespace ns::anytime
