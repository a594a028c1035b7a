#include "ns/deploy/packed_rule.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "ns/base/error.h"

namespace ns::deploy {
namespace {

using anytime::Aggregate;
using anytime::Confidence;

constexpr std::uint32_t kNoScore = 0xffffffff;

std::uint8_t aggregate_code(Aggregate aggregate) {
  switch (aggregate) {
    case Aggregate::kMean:
    case Aggregate::kWeighted:
      return NSRT_MEAN_PROBABILITY;
    case Aggregate::kMeanLogit:
      return NSRT_MEAN_LOGIT;
    case Aggregate::kGeometric:
      return NSRT_GEOMETRIC;
    case Aggregate::kMax:
      return NSRT_MAX;
    case Aggregate::kVote:
      return NSRT_VOTE;
    case Aggregate::kReplace:
      return NSRT_REPLACE;
  }
  throw internal_error("an aggregate without a code");
}

std::uint8_t confidence_code(Confidence confidence) {
  switch (confidence) {
    case Confidence::kMaxProbability:
      return NSRT_MAX_PROBABILITY;
    case Confidence::kMargin:
      return NSRT_MARGIN;
    case Confidence::kEntropy:
      return NSRT_ENTROPY;
    case Confidence::kInterval:
      return NSRT_INTERVAL;
  }
  throw internal_error("a confidence without a code");
}

// The smallest runtime score that reaches the threshold.
std::uint32_t least_score(const anytime::Scoring& scoring, double threshold, std::size_t passes) {
  if (score_of(scoring, kNoScore - 1, passes) < threshold) {
    return kNoScore;
  }
  std::uint32_t low = 0, high = kNoScore - 1;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (score_of(scoring, middle, passes) >= threshold) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

std::uint32_t weight_of(const anytime::Scoring& scoring, std::size_t stage) {
  return scoring.aggregate == Aggregate::kWeighted ? static_cast<std::uint32_t>(scoring.weights.at(stage))
                                                   : 1;
}

class PackedScorer : public anytime::Scorer {
 public:
  PackedScorer(std::shared_ptr<const PackedRule> rule, const anytime::Scoring& scoring)
      : rule_(std::move(rule)), scoring_(scoring) {
    work_.resize(NSRT_AGGREGATE_WORDS(std::size_t{rule_->rule().classes}, rule_->rule().max_passes));
    logits_.resize(rule_->rule().classes);
  }

  anytime::Verdict add(std::span<const float> logits) override {
    if (logits.size() != logits_.size() || verdict_.passes >= rule_->rule().max_passes) {
      throw internal_error("logits of another number of classes, or a stage too many");
    }
    for (std::size_t i = 0; i < logits.size(); ++i) {
      logits_[i] = static_cast<std::int16_t>(logits[i] * 256.0f);
    }
    nsrt_add_stage(&rule_->rule(), work_.data(), logits_.data(), &verdict_);
    return {verdict_.answer, score_of(scoring_, verdict_.score, verdict_.passes),
            static_cast<double>(verdict_.probability) / NSRT_ONE};
  }

 private:
  std::shared_ptr<const PackedRule> rule_;
  const anytime::Scoring& scoring_;
  std::vector<std::uint32_t> work_;
  std::vector<std::int16_t> logits_;
  nsrt_verdict verdict_{};
};

void put(std::vector<std::uint8_t>& bytes, std::uint32_t word) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<std::uint8_t>(word >> shift));
  }
}

}  // namespace

PackedRule::PackedRule(const anytime::Scoring& scoring, const anytime::StoppingRule& rule,
                       std::span<const anytime::Stage> stages, std::size_t classes) {
  if (rule.max_passes > stages.size() || rule.max_passes > NSRT_MOST_STAGES) {
    throw usage_error("a packed rule of " + std::to_string(rule.max_passes) + " passes: there are " +
                      std::to_string(stages.size()) + " stages, and at most " +
                      std::to_string(NSRT_MOST_STAGES) + " are possible");
  }
  for (std::size_t i = 0; i < rule.max_passes; ++i) {
    const auto place = stages[i].view.placement();
    if (!place) {
      throw usage_error("view " + stages[i].view.name() + " needs resampling or more than one step",
                        "microcontrollers run views of one shift and one mirror image");
    }
    stages_.push_back({static_cast<std::uint16_t>(stages[i].network),
                       static_cast<std::uint16_t>(stages[i].subnet),
                       {static_cast<std::int16_t>(place->dy), static_cast<std::int16_t>(place->dx),
                        static_cast<std::uint16_t>(place->flip)},
                       weight_of(scoring, i)});
  }
  // A level of confidence is another t after every pass; the other scores mean the same after each.
  const bool by_row = rule.by_pass || scoring.confidence == Confidence::kInterval;
  const std::size_t rows = by_row ? rule.max_passes : 1;
  const std::size_t columns = rule.by_pass ? 1 : rule.thresholds.size();
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const double threshold = rule.threshold(row + 1, static_cast<int>(column));
      thresholds_.push_back(least_score(scoring, threshold, row + 1));
    }
  }
  rule_.stages = stages_.data();
  rule_.thresholds = thresholds_.data();
  rule_.threshold_rows = static_cast<std::uint16_t>(rows);
  rule_.threshold_columns = static_cast<std::uint16_t>(columns);
  rule_.classes = static_cast<std::uint16_t>(classes);
  rule_.min_passes = static_cast<std::uint16_t>(rule.min_passes);
  rule_.max_passes = static_cast<std::uint16_t>(rule.max_passes);
  rule_.aggregate = aggregate_code(scoring.aggregate);
  rule_.confidence = confidence_code(scoring.confidence);
  if (nsrt_check_rule(&rule_) != NSRT_OK) {
    throw internal_error("a rule that the runtime refuses");
  }
}

std::vector<std::uint8_t> PackedRule::bytes() const {
  std::vector<std::uint8_t> bytes;
  for (const std::uint32_t word :
       {std::uint32_t{rule_.classes}, std::uint32_t{rule_.min_passes}, std::uint32_t{rule_.max_passes},
        std::uint32_t{rule_.aggregate}, std::uint32_t{rule_.confidence}, std::uint32_t{rule_.threshold_rows},
        std::uint32_t{rule_.threshold_columns}}) {
    put(bytes, word);
  }
  for (const nsrt_stage& stage : stages_) {
    put(bytes, stage.network);
    put(bytes, stage.subnet);
    put(bytes, static_cast<std::uint32_t>(std::int32_t{stage.view.dy}));
    put(bytes, static_cast<std::uint32_t>(std::int32_t{stage.view.dx}));
    put(bytes, stage.view.flip);
    put(bytes, stage.weight);
  }
  for (const std::uint32_t threshold : thresholds_) {
    put(bytes, threshold);
  }
  return bytes;
}

std::string aggregate_name(const nsrt_rule& rule) {
  for (unsigned i = 1; i < rule.max_passes; ++i) {
    if (rule.aggregate == NSRT_MEAN_PROBABILITY && rule.stages[i].weight != rule.stages[0].weight)
      return name(Aggregate::kWeighted);
  }
  for (const std::string& word : anytime::aggregate_names()) {
    if (aggregate_code(anytime::aggregate_of(word)) == rule.aggregate) return word;
  }
  throw internal_error("an aggregate without a name");
}

std::string confidence_name(const nsrt_rule& rule) {
  return anytime::confidence_names().at(rule.confidence);
}

double score_of(const anytime::Scoring& scoring, std::uint32_t score, std::size_t passes) {
  const double value = static_cast<double>(score) / NSRT_ONE;
  if (scoring.confidence != Confidence::kInterval) {
    return value;
  }
  return passes < 2 ? 0.0 : anytime::t_level(std::sqrt(value), static_cast<int>(passes) - 1);
}

anytime::ScorerFactory packed_scorer(const anytime::Scoring& scoring, std::size_t classes,
                                     std::size_t stages) {
  struct Shared {
    anytime::Scoring scoring;
    std::shared_ptr<const PackedRule> rule;
  };
  anytime::StoppingRule never;
  never.max_passes = stages;
  const std::vector<anytime::Stage> identities(stages);
  const auto shared = std::make_shared<Shared>(
      scoring, std::make_shared<const PackedRule>(scoring, never, identities, classes));
  return [shared] { return std::make_unique<PackedScorer>(shared->rule, shared->scoring); };
}

}  // namespace ns::deploy
