// Weights to int8, and the choice of ranges.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "expect_error.h"
#include "ns/quant/histogram.h"
#include "ns/quant/quantise_weights.h"

using namespace ns::quant;

namespace {

ns::Tensor tensor(ns::Shape shape, const std::vector<float>& values) {
  ns::Tensor result(std::move(shape));
  std::copy(values.begin(), values.end(), result.data());
  return result;
}

}  // namespace

TEST_CASE("A row's largest kept weight becomes 127, pruned weights neither count nor stay") {
  const ns::Tensor values = tensor({2, 4}, {1.0f, -0.5f, 9.0f, 9.0f, 0.002f, -0.001f, 0.25f, -8.0f});
  const ns::nested::LevelMap map(ns::nested::BlockGrid({2, 4}, 2), 2, {1, 0, 2, 1});
  const QuantisedWeights q = quantise_weights("fc", values, {2, 4, 1, 1}, &map, 2);
  CHECK(q.weights.values == std::vector<std::int8_t>{127, -64, 0, 0, 0, 0, 4, -127});
  CHECK(q.scales[0] == doctest::Approx(1.0 / 127));
  CHECK(q.scales[1] == doctest::Approx(8.0 / 127));
  // The block that was quantised to zero is still used by subnet 2.
  CHECK(q.weights.level == std::vector<std::uint8_t>{1, 0, 2, 1});
  CHECK(row_sums(q.weights, 1)[1].absolute == 131);
  CHECK(row_sums(q.weights, 1)[1].sum == -123);
  CHECK(row_sums(q.weights, 2)[0].sum == 63);
}

TEST_CASE("A layer without a level map is dense and of level 1 in every subnet") {
  const QuantisedWeights q = quantise_weights("fc", tensor({1, 3}, {0, 1, -2}), {1, 3, 1, 1}, nullptr, 3);
  CHECK(q.weights.level == std::vector<std::uint8_t>{1, 1, 1});
  CHECK(q.weights.levels == 3);
  CHECK(q.weights.values == std::vector<std::int8_t>{0, 64, -127});
}

TEST_CASE("Rows of zeros have scale zero") {
  const QuantisedWeights q = quantise_weights("fc", tensor({1, 2}, {0, 0}), {1, 2, 1, 1}, nullptr, 1);
  CHECK(q.scales[0] == 0);
  CHECK(row_sums(q.weights, 1)[0].absolute == 0);
}

TEST_CASE("Weights that are not finite or have another shape are refused with their layer's name") {
  const float infinite = std::numeric_limits<float>::infinity();
  EXPECT_ERROR(quantise_weights("fc", tensor({2, 1}, {1, infinite}), {2, 1, 1, 1}, nullptr, 1), kInput,
               "layer \"fc\", output channel 1");
  EXPECT_ERROR(quantise_weights("fc", tensor({2, 1}, {1, 1}), {2, 2, 1, 1}, nullptr, 1), kInput,
               "layer \"fc\"");
}

TEST_CASE(
    "The chosen range leaves out rare outliers, keeps a uniform distribution whole, and cannot be beaten by "
    "the full one") {
  std::mt19937 rng(23);
  std::normal_distribution<float> normal(0, 1);
  std::uniform_real_distribution<float> uniform(0, 4);
  std::vector<float> bell(200000), flat(200000);
  for (float& x : bell) x = normal(rng);
  bell[7] = 40;
  for (float& x : flat) x = uniform(rng);

  const auto actual_error = [](const std::vector<float>& values, double low, double high) {
    const double step = (high - low) / 255;
    double error = 0;
    for (const float x : values) {
      const double inside = std::clamp(static_cast<double>(x), low, high);
      const double coded = low + step * std::nearbyint((inside - low) / step);
      error += (x - coded) * (x - coded);
    }
    return error;
  };
  Histogram with_outlier(-5, 40);
  with_outlier.add(bell);
  const Histogram::Limits cut = with_outlier.best_limits();
  CHECK(cut.high < 35);
  CHECK(cut.low < -3);
  for (const auto& [low, high] : {cut, Histogram::Limits{-5, 40}, Histogram::Limits{-2, 3}})
    CHECK(with_outlier.squared_error(low, high) ==
          doctest::Approx(actual_error(bell, low, high)).epsilon(0.05));
  CHECK(actual_error(bell, cut.low, cut.high) < actual_error(bell, -5, 40));

  Histogram even(0, 4);
  even.add(flat);
  CHECK(even.best_limits().high > 3.9);
  CHECK(even.best_limits().low == 0);
}

TEST_CASE("A tensor of zeros has an empty range") {
  Histogram histogram(0, 0);
  histogram.add(std::vector<float>(10, 0.0f));
  CHECK(histogram.best_limits().high == 0);
}
