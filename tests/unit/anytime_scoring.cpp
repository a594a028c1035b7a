#include "ns/anytime/scoring.h"

#include <doctest/doctest.h>

#include <cmath>

#include "expect_error.h"
#include "ns/base/rng.h"
#include "ns/deploy/packed_rule.h"

using namespace ns::anytime;
using Logits = std::vector<float>;

namespace {

// Logits whose probabilities are these.
Logits of(std::initializer_list<double> probabilities) {
  Logits logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

Verdict last(const Scoring& scoring, const std::vector<Logits>& stages) {
  const auto scorer = float_scorer(scoring, stages.front().size())();
  Verdict verdict;
  for (const Logits& logits : stages) verdict = scorer->add(logits);
  return verdict;
}

const std::vector<Logits> kTwo{of({0.6, 0.3, 0.1}), of({0.2, 0.7, 0.1})};

}  // namespace

TEST_CASE("Every aggregate and confidence has a name that reads back; other words are refused") {
  for (const std::string& word : aggregate_names()) CHECK(name(aggregate_of(word)) == word);
  for (const std::string& word : confidence_names()) CHECK(name(confidence_of(word)) == word);
  EXPECT_ERROR(aggregate_of("meen"), kUsage, "unknown aggregate 'meen'");
  EXPECT_ERROR(confidence_of("x"), kUsage, "unknown confidence 'x', known: max_probability");
}

TEST_CASE("Aggregates of two stages are what they are defined to be") {
  const auto probability = [](Aggregate aggregate, std::vector<int> weights = {}) {
    const Verdict verdict = last({aggregate, Confidence::kMaxProbability, std::move(weights)}, kTwo);
    CHECK(verdict.score == verdict.probability);
    CHECK(verdict.answer == 1);
    return verdict.probability;
  };
  CHECK(probability(Aggregate::kMean) == doctest::Approx(0.5));
  CHECK(probability(Aggregate::kWeighted, {1024, 3072}) == doctest::Approx(0.6));
  CHECK(probability(Aggregate::kReplace) == doctest::Approx(0.7));
  CHECK(probability(Aggregate::kMax) == doctest::Approx(0.7 / 1.4));
  CHECK(probability(Aggregate::kGeometric) == doctest::Approx(std::sqrt(0.21)));
  const double a = std::sqrt(0.12), b = std::sqrt(0.21);
  CHECK(probability(Aggregate::kMeanLogit) == doctest::Approx(b / (a + b + 0.1)));
  const Verdict vote = last({Aggregate::kVote, Confidence::kMaxProbability, {}}, kTwo);
  CHECK(vote.answer == 0);  // one each: the lowest class
  CHECK(vote.probability == doctest::Approx(0.5));
}

TEST_CASE("Confidences of one stage are what they are defined to be") {
  const auto score = [](Confidence confidence) {
    return last({Aggregate::kMean, confidence, {}}, {kTwo[0]}).score;
  };
  CHECK(score(Confidence::kMaxProbability) == doctest::Approx(0.6));
  CHECK(score(Confidence::kMargin) == doctest::Approx(0.3));
  const double entropy = -(0.6 * std::log(0.6) + 0.3 * std::log(0.3) + 0.1 * std::log(0.1));
  CHECK(score(Confidence::kEntropy) == doctest::Approx(1 - entropy / std::log(3.0)));
  CHECK(score(Confidence::kInterval) == 0);
}

TEST_CASE("The interval's score is the level of a paired t-test between answer and runner-up") {
  const Scoring scoring{Aggregate::kMean, Confidence::kInterval, {}};
  // Differences 0.3, 0.5, 0.4: mean 0.4, standard error 0.1/√3.
  const Verdict verdict = last(scoring, {of({0.6, 0.3, 0.1}), of({0.7, 0.2, 0.1}), of({0.65, 0.25, 0.1})});
  CHECK(verdict.score == doctest::Approx(t_level(4 * std::sqrt(3.0), 2)));
  CHECK(last(scoring, {kTwo[0], kTwo[0]}).score == 1.0);
}

TEST_CASE("t_level agrees with the quantiles of the tables") {
  for (const auto& [t, degrees, level] : {std::tuple(12.706, 1, 0.95),
                                          {4.303, 2, 0.95},
                                          {3.182, 3, 0.95},
                                          {2.776, 4, 0.95},
                                          {2.262, 9, 0.95},
                                          {63.657, 1, 0.99},
                                          {3.250, 9, 0.99},
                                          {2.042, 30, 0.95}}) {
    CHECK(t_level(t, degrees) == doctest::Approx(level).epsilon(2e-4));
  }
  CHECK(t_level(0, 5) == 0);
}

TEST_CASE("After one stage the answer is that stage's, and equal scores go to the lowest class") {
  for (const std::string& word : aggregate_names()) {
    const Scoring scoring{aggregate_of(word), Confidence::kMargin, {4000}};
    const auto packed = ns::deploy::packed_scorer(scoring, 3, 1);
    CHECK(last(scoring, {{1.0f, 3.0f, 3.0f}}).answer == 1);
    CHECK(packed()->add(Logits{1.0f, 3.0f, 3.0f}).answer == 1);
    CHECK(packed()->add(Logits{-100.0f, -100.0f, -99.99609375f}).answer == 2);
  }
}

TEST_CASE("The runtime's integers agree with double precision up to their resolution") {
  for (const std::string& aggregate : aggregate_names()) {
    for (const std::string& confidence : confidence_names()) {
      const Scoring scoring{aggregate_of(aggregate), confidence_of(confidence), {1000, 500, 2000, 596}};
      CAPTURE(aggregate);
      CAPTURE(confidence);
      const auto exact = float_scorer(scoring, 10), packed = ns::deploy::packed_scorer(scoring, 10, 4);
      ns::Rng rng(4);
      int different = 0;
      for (int sample = 0; sample < 200; ++sample) {
        const auto a = exact(), b = packed();
        for (int stage = 0; stage < 4; ++stage) {
          Logits logits;
          for (int i = 0; i < 10; ++i)
            logits.push_back(static_cast<float>(static_cast<int>(rng.normal() * 700)) / 256.0f);
          const Verdict one = a->add(logits), other = b->add(logits);
          if (one.answer != other.answer) {
            ++different;  // a tie but for the last bit
            continue;
          }
          CHECK(other.probability == doctest::Approx(one.probability).epsilon(0.004));
          // t is a ratio: where the difference is small, so is its spread, and rounding shows.
          CHECK(std::abs(other.score - one.score) <
                (scoring.confidence == Confidence::kInterval ? 0.05 : 0.004));
        }
      }
      CHECK(different <= 2);
    }
  }
}

TEST_CASE("A scorer refuses logits of another number of classes, and weights that are missing") {
  EXPECT_ERROR(float_scorer({}, 3)()->add(Logits{1, 2}), kInternal, "number of classes");
  EXPECT_ERROR(float_scorer({Aggregate::kWeighted, Confidence::kMargin, {}}, 3), kInternal,
               "without weights");
  EXPECT_ERROR(ns::deploy::packed_scorer({}, 3, 2)()->add(Logits{1, 2}), kInternal, "number of classes");
}
