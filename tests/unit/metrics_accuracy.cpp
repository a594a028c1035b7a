#include "ns/metrics/accuracy.h"

#include <doctest/doctest.h>

#include <vector>

#include "expect_error.h"
#include "ns/metrics/confusion.h"
#include "ns/metrics/interval.h"

using namespace ns::metrics;

TEST_CASE("argmax gives ties to the lowest class") {
  CHECK(argmax(std::span<const float>(std::vector<float>{1, 3, 3, 2})) == 1);
  CHECK(argmax(std::span<const std::int8_t>(std::vector<std::int8_t>{-128, -128})) == 0);
  CHECK(argmax(std::span<const float>(std::vector<float>{-2, -1})) == 1);
}

TEST_CASE("count_correct compares each row's argmax with its label") {
  ns::Tensor logits({3, 2});
  logits[1] = 1;   // row 0: class 1
  logits[4] = -1;  // row 2: class 1; row 1 is a tie: class 0
  CHECK(count_correct(logits, std::vector<std::int32_t>{1, 0, 1}) == 3);
  CHECK(count_correct(logits, std::vector<std::int32_t>{0, 1, 1}) == 1);
  EXPECT_ERROR(count_correct(logits, std::vector<std::int32_t>{0, 1}), kInternal,
               "[3, 2] do not fit 2 labels");
}

TEST_CASE("Confusion counts by true and predicted class") {
  Confusion confusion(3);
  confusion.add(0, 0);
  confusion.add(0, 2);
  confusion.add(2, 2);
  CHECK(confusion.count(0, 2) == 1);
  CHECK(confusion.count(2, 0) == 0);
  CHECK(confusion.total() == 3);
  CHECK(confusion.correct() == 2);
  EXPECT_ERROR(confusion.add(3, 0), kInternal, "not below 3");
  EXPECT_ERROR(confusion.add(0, -1), kInternal, "not below 3");
}

TEST_CASE("wilson95 gives the textbook intervals") {
  const auto close = [](Interval interval, double low, double high) {
    CHECK(interval.low == doctest::Approx(low).epsilon(1e-3));
    CHECK(interval.high == doctest::Approx(high).epsilon(1e-3));
  };
  close(wilson95(81, 263), 0.2553, 0.3662);  // Newcombe, Statistics in Medicine 17 (1998), table I
  close(wilson95(15, 148), 0.0624, 0.1605);
  CHECK(wilson95(0, 20).low == 0.0);
  CHECK(wilson95(0, 20).high == doctest::Approx(0.1611).epsilon(1e-3));
  CHECK(wilson95(20, 20).high == 1.0);
  CHECK(wilson95(0, 0).high == 1.0);
  EXPECT_ERROR(wilson95(3, 2), kInternal, "3 successes of 2");
}
