// Requantisation tables against the real-valued function that they stand for, and the edge cases of
// docs/numerics.md.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "expect_error.h"
#include "kernels/requantise.h"
#include "ns/quant/requant_table.h"

using namespace ns::quant;

namespace {

/// What one row computes from the accumulator of inputs q with weights w, in output steps before rounding and
/// saturation.
double exact(const RowFunction& row, const Affine& in, const Affine& out, const std::vector<int>& w,
             const std::vector<int>& q) {
  double sum = 0;
  for (std::size_t i = 0; i < w.size(); ++i)
    sum += row.weight_scale * w[i] * in.scale * (q[i] - in.zero_point);
  return (row.gain * sum + row.offset) / out.scale + out.zero_point;
}

int computed(const RowTable& table, const std::vector<int>& w, const std::vector<int>& q) {
  std::int32_t acc = 0;
  for (std::size_t i = 0; i < w.size(); ++i) acc += w[i] * q[i];
  return nsrt::requantise_s8(acc, table.bias[0], table.multiplier[0], table.output_zero_point);
}

RowSums sums_of(const std::vector<int>& w) {
  RowSums sums;
  for (const int value : w) sums.sum += value, sums.absolute += std::abs(value);
  return sums;
}

RowTable table_of(const RowFunction& row, const RowSums& sums, const Affine& in, const Affine& out,
                  bool int16 = false) {
  return row_table("conv", std::span(&row, 1), std::span(&sums, 1), in, out, int16);
}

}  // namespace

TEST_CASE("A row's table computes its real function to within rounding, whatever γ's sign and size") {
  const unsigned seed = 11;
  CAPTURE(seed);
  std::mt19937 rng(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int round = 0; round < 400; ++round) {
    CAPTURE(round);
    std::vector<int> w(40), q(40);
    for (int& value : w) value = static_cast<int>(std::lround(127 * uniform(rng)));
    const double magnitude = std::pow(10, -4 + 4 * std::fabs(uniform(rng)));
    const RowFunction row{0.01, uniform(rng) < 0 ? -magnitude : magnitude, 3 * uniform(rng)};
    const RowSums sums = sums_of(w);
    const Affine in{0.02, static_cast<int>(rng() % 256) - 128};
    const Affine out = affine_for(-4, 4, round % 2 == 0,
                                  least_output_scale(std::span(&row, 1), std::span(&sums, 1), in.scale));
    const RowTable table = table_of(row, sums, in, out);
    for (int sample = 0; sample < 20; ++sample) {
      for (int& value : q) value = static_cast<int>(rng() % 256) - 128;
      const double wanted = std::clamp(exact(row, in, out, w, q), -128.0, 127.0);
      CHECK(std::fabs(computed(table, w, q) - wanted) <= 0.505);
    }
  }
}

TEST_CASE("An empty row becomes its constant, saturated") {
  const Affine in{0.02, -5}, out{0.05, 3};
  for (const double offset : {0.0, 1.3, -2.2, 1e6, -1e6}) {
    CAPTURE(offset);
    const RowTable table = table_of({0.0, 2.0, offset}, {}, in, out);
    CHECK(table.multiplier[0] == 1 << 24);
    CHECK(computed(table, {}, {}) == std::clamp(std::lround(offset / out.scale) + 3, -128L, 127L));
  }
}

TEST_CASE("Where γ is almost zero the multiplier stays at its floor and the constant is still reached") {
  const std::vector<int> w(100, 1), q(100, 60);
  const Affine in{0.02, -128};
  for (const double gain : {0.0, 1e-12, -1e-12}) {
    for (const double constant : {-128.0, -37.0, 0.0, 90.0, 127.0, 255.0}) {
      CAPTURE(gain);
      CAPTURE(constant);
      const Affine out{0.05, -128};
      const RowTable table = table_of({0.001, gain, constant * out.scale}, sums_of(w), in, out);
      CHECK(std::abs(table.multiplier[0]) >= 512);
      CHECK(std::abs(table.multiplier[0]) < 600);
      CHECK((table.multiplier[0] < 0) == (gain < 0));
      CHECK(std::abs(computed(table, w, q) - std::clamp(constant - 128, -128.0, 127.0)) <= 1);
    }
  }
}

TEST_CASE("Bias and accumulator together stay inside 32 bits, also for constants far outside the output") {
  const RowSums sums{4000000, 4000000};
  const Affine in{0.02, 100}, out{0.05, -128};
  for (const double offset : {-1e9, -20.0, 20.0, 1e9}) {
    for (const double gain : {1e-9, 1e-4, -1e-4, 1.0}) {
      const RowTable table = table_of({0.01, gain, offset}, sums, in, out);
      CHECK(std::llabs(table.bias[0]) + sums.absolute * 128 < (1LL << 31));
      const int constant = nsrt::requantise_s8(100 * 4000000, table.bias[0], table.multiplier[0],
                                               -128);  // the sum at real zero
      CHECK(constant == (offset > 0 ? 127 : -128));
    }
  }
}

TEST_CASE("A row that could overflow 32 bits is refused with its layer's name") {
  EXPECT_ERROR(table_of({0.01, 1, 0}, {0, 1 << 24}, {0.02, 0}, {0.05, 0}), kInput,
               "layer \"conv\", output channel 0");
}

TEST_CASE("Logits keep their unit, so too coarse an accumulator is refused") {
  const RowSums sums{10, 50};
  CHECK(table_of({0.01, 1, 3.5}, sums, {0.02, 0}, {1.0 / 256, 0}, true).bias[0] == 17500);
  EXPECT_ERROR(table_of({1, 1, 0}, sums, {0.02, 0}, {1.0 / 256, 0}, true), kInput, "exceeds half a step");
}

TEST_CASE("A batch-norm that is not finite is refused") {
  EXPECT_ERROR(table_of({0.01, NAN, 0}, {1, 1}, {0.02, 0}, {0.05, 0}), kInput, "not finite");
}

TEST_CASE("The least output scale keeps every multiplier below 2^31 and not by much") {
  const RowFunction rows[] = {{0.01, 1, 0}, {0.02, -3, 0}, {9, 9, 0}};
  const RowSums sums[] = {{1, 1}, {-1, 1}, {0, 0}};
  const double scale = least_output_scale(rows, sums, 0.5);
  CHECK(scale == doctest::Approx(0.06));
  const RowTable table = row_table("conv", rows, sums, {0.5, 0}, {scale, 0}, false);
  CHECK(table.multiplier[1] < -2147000000);
}

TEST_CASE("An average pool's table rounds the mean of its pixels") {
  std::mt19937 rng(3);
  for (const int count : {1, 2, 4, 49, 64, 1024}) {
    const Affine in{0.03, -128}, out{0.011, -120};
    const AvgPoolTable table = avg_pool_table("pool", count, in, out);
    for (int round = 0; round < 50; ++round) {
      std::int32_t sum = 0;
      for (int i = 0; i < count; ++i) sum += static_cast<int>(rng() % 256) - 128;
      const double wanted = (sum - count * in.zero_point) * in.scale / count / out.scale + out.zero_point;
      const int found =
          nsrt::saturate_s8(out.zero_point + nsrt::multiply_high_rounded(
                                                 (sum + table.bias) << table.left_shift, table.multiplier));
      CHECK(std::fabs(found - std::clamp(wanted, -128.0, 127.0)) <= 0.501);
    }
  }
  EXPECT_ERROR(avg_pool_table("pool", 10000000, {1, 0}, {1, 0}), kInput, "layer \"pool\"");
}

TEST_CASE("An addition's table adds the real values of both addends") {
  std::mt19937 rng(5);
  const Affine outputs[] = {{0.05, -128}, {0.02, 10}, {0.5, 0}};
  for (const Affine& out : outputs) {
    const Affine a{0.03, -128}, b{0.002, 17};
    const AddTable table = add_table("add", a, b, out);
    CHECK(std::max(table.m0, table.m1) > 127);
    for (int round = 0; round < 200; ++round) {
      const int qa = static_cast<int>(rng() % 256) - 128, qb = static_cast<int>(rng() % 256) - 128;
      const double wanted =
          (a.scale * (qa - a.zero_point) + b.scale * (qb - b.zero_point)) / out.scale + out.zero_point;
      const int found = nsrt::saturate_s8((qa * table.m0 + qb * table.m1 + table.bias) >> table.shift);
      CHECK(std::fabs(found - std::clamp(wanted, -128.0, 127.0)) <= 0.52);
    }
  }
  EXPECT_ERROR(add_table("add", {1e6, 0}, {1, 0}, {1, 0}), kInput, "layer \"add\"");
}

TEST_CASE("The coding of a range represents zero exactly and both ends to within a step") {
  const auto covers = [](const Affine& coding, double low, double high) {
    CHECK(coding.scale * (-128 - coding.zero_point) <= low + coding.scale);
    CHECK(coding.scale * (127 - coding.zero_point) >= high - coding.scale);
  };
  covers(affine_for(-1, 3, false), -1, 3);
  covers(affine_for(0, 3, false), 0, 3);
  covers(affine_for(-2, 0, false), -2, 0);
  covers(affine_for(-1, 3, false, 0.5), -1, 3);
  CHECK((affine_for(-1, 3, true) == Affine{3.0 / 255, -128}));
  CHECK((affine_for(0, 0, true) == Affine{1, -128}));
}
