#include "ns/base/rng.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "expect_error.h"

using ns::Rng;

TEST_CASE("Rng gives the published xoshiro256** sequence from state 1, 2, 3, 4") {
  Rng rng(0);
  rng.set_state({1, 2, 3, 4});
  for (const std::uint64_t expected : {11520ull, 0ull, 1509978240ull, 1215971899390074240ull}) {
    CHECK(rng.next() == expected);
  }
}

TEST_CASE("Rng seeds its state through splitmix64") {
  CHECK(Rng(0).state()[0] == 0xe220a8397b1dcdafull);
  CHECK(Rng(0).state()[1] == 0x6e789e6aa1b965f4ull);
}

TEST_CASE("Rng continues exactly from a restored state, in the middle of normal draws") {
  Rng rng(7);
  rng.normal();
  Rng resumed(99);
  resumed.set_state(rng.state());
  for (int i = 0; i < 5; ++i) {
    CHECK(rng.normal() == resumed.normal());
  }
  CHECK(rng.state() == resumed.state());
}

TEST_CASE("Rng::uniform fills its interval evenly") {
  Rng rng(1);
  std::vector<int> bins(10);
  for (int i = 0; i < 100000; ++i) {
    const float u = rng.uniform();
    REQUIRE(u >= 0.0f);
    REQUIRE(u < 1.0f);
    ++bins[static_cast<std::size_t>(u * 10)];
  }
  for (const int bin : bins) {
    CHECK(std::abs(bin - 10000) < 500);  // five standard deviations are 474
  }
}

TEST_CASE("Rng::normal has mean 0, variance 1 and fourth moment 3") {
  Rng rng(2);
  double sum = 0, square = 0, fourth = 0;
  const int n = 200000;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal();
    sum += x;
    square += x * x;
    fourth += x * x * x * x;
  }
  CHECK(std::abs(sum / n) < 0.012);
  CHECK(std::abs(square / n - 1) < 0.017);
  CHECK(std::abs(fourth / n - 3) < 0.12);
}

TEST_CASE("Rng::below is unbiased where a plain remainder is not") {
  Rng rng(3);
  const std::uint64_t n = 3ull << 62;  // a remainder would draw the lowest third twice as often
  int lowest = 0;
  for (int i = 0; i < 30000; ++i) {
    const std::uint64_t draw = rng.below(n);
    REQUIRE(draw < n);
    lowest += draw < n / 3;
  }
  CHECK(std::abs(lowest - 10000) < 450);
  EXPECT_ERROR(rng.below(0), kInternal, "below(0)");
}

TEST_CASE("Rng::shuffle permutes, and every order of three comes equally often") {
  Rng rng(4);
  std::vector<int> counts(27);
  for (int i = 0; i < 6000; ++i) {
    std::vector<int> items{0, 1, 2};
    rng.shuffle(std::span(items));
    ++counts[static_cast<std::size_t>(items[0] * 9 + items[1] * 3 + items[2])];
  }
  for (const int order : {5, 7, 11, 15, 19, 21}) {
    CHECK(std::abs(counts[static_cast<std::size_t>(order)] - 1000) < 150);
  }
  CHECK(std::accumulate(counts.begin(), counts.end(), 0) == 6000);
}

TEST_CASE("derive_seed separates neighbouring seeds and streams") {
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (std::uint64_t stream = 0; stream < 20; ++stream) {
      seeds.push_back(ns::derive_seed(seed, stream));
    }
  }
  std::sort(seeds.begin(), seeds.end());
  CHECK(std::adjacent_find(seeds.begin(), seeds.end()) == seeds.end());
}
