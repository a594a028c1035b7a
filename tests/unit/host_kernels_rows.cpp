// Every level of the host kernels against the reference kernels: linear, pools, addition.
#include <doctest/doctest.h>

#include "support/kernel_levels.h"

using namespace ns::testing;
using nsrt::Window;

namespace {

/// int8 and int16 results of one linear operator.
struct Units {
  explicit Units(std::size_t units) : out8(units), out16(2 * units) {}
  std::int16_t* wide() { return reinterpret_cast<std::int16_t*>(out16.data()); }
  bool operator==(const Units&) const = default;
  Guarded out8, out16;
};

}  // namespace

TEST_CASE("Dense linear equals the reference at every level, with int8 and int16 outputs") {
  for (int inputs : {1, 2, 3, 4, 15, 16, 17, 31, 32, 33, 64, 100, 1024})
    for (int units : {1, 3, 4, 10}) {
      Draw draw(static_cast<std::uint32_t>(inputs));
      const ns::pack::WeightShape shape{units, inputs, 1, 1};
      const auto weights = ns::pack::encode_dense_rows(draw.values(shape.count(), -127), shape);
      const auto* bytes = reinterpret_cast<const std::int8_t*>(weights.data());
      const auto in = draw.values(shape.row());
      const auto rows = draw.rows(static_cast<std::size_t>(units));
      const auto run = [&](const nsrt::KernelSet& k) {
        Units result(static_cast<std::size_t>(units));
        const auto n = static_cast<std::uint32_t>(inputs), m = static_cast<std::uint32_t>(units);
        k.linear_s8(n, m, bytes, {3, -7, rows.data()}, in.data(), result.out8.data(), nullptr);
        k.linear_s8(n, m, bytes, {3, 0, rows.data()}, in.data(), nullptr, result.wide());
        return result;
      };
      const Units expected = run(nsrt::reference_kernels());
      for (const KernelLevel& level : kernel_levels()) {
        INFO(level.name << ", " << inputs << " inputs (also the seed), " << units << " units");
        CHECK(run(*level.kernels) == expected);
      }
    }
}

TEST_CASE("Nested sparse linear equals the reference for every subnet and block") {
  for (int inputs : {1, 2, 3, 5, 64, 300, 1025})
    for (int block : {1, 2, 4})
      for (double density : {0.0, 0.01, 0.5}) {
        Draw draw(static_cast<std::uint32_t>(inputs));
        const auto nested = draw.nested({10, inputs, 1, 1}, block, 3, density);
        const auto bytes = ns::pack::encode_nested_csr(nested);
        const auto in = draw.values(static_cast<std::size_t>(inputs));
        const auto rows = draw.rows(10);
        for (int subnet = 1; subnet <= 3; ++subnet) {
          const auto run = [&](const nsrt::KernelSet& k) {
            Units result(10);
            const auto csr = view_of(bytes, nested, subnet);
            const auto n = static_cast<std::uint32_t>(inputs);
            k.linear_ncsr_s8(n, 10, csr, {3, -7, rows.data()}, in.data(), result.out8.data(), nullptr);
            k.linear_ncsr_s8(n, 10, csr, {3, 0, rows.data()}, in.data(), nullptr, result.wide());
            return result;
          };
          const Units expected = run(nsrt::reference_kernels());
          for (const KernelLevel& level : kernel_levels()) {
            INFO(level.name << ", " << inputs << " inputs (also the seed), block " << block << ", subnet "
                            << subnet);
            CHECK(run(*level.kernels) == expected);
          }
        }
      }
}

TEST_CASE("Pools equal the reference at every level, padded windows included") {
  for (int extent : {1, 2, 3, 7, 8, 16, 17, 33})
    for (int kernel : {1, 2, 3, 7, 8})
      for (int stride : {1, 2, 3, 8})
        for (int pad : {0, 1}) {
          if (pad >= kernel || extent + 2 * pad < kernel) continue;
          const Window w = window(extent, extent, 3, 3, kernel, stride, pad);
          Draw draw(static_cast<std::uint32_t>(extent));
          const auto in = draw.values(inputs(w));
          const nsrt::PoolRequant rq{draw.in(1, INT32_MAX), draw.in(-9000, 9000),
                                     static_cast<std::int8_t>(draw.in(-128, 127)),
                                     static_cast<std::uint8_t>(draw.in(0, 12))};
          const auto run = [&](const nsrt::KernelSet& k) {
            std::pair result{Guarded(outputs(w)), Guarded(outputs(w))};
            k.max_pool_s8(w, in.data(), result.first.data());
            k.avg_pool_s8(w, rq, in.data(), result.second.data());
            return result;
          };
          const auto expected = run(nsrt::reference_kernels());
          for (const KernelLevel& level : kernel_levels()) {
            INFO(level.name << ", " << text(w) << ", seed " << extent);
            CHECK(run(*level.kernels) == expected);
          }
        }
}

TEST_CASE("Addition equals the reference at every level, into a third tensor and into either operand") {
  for (std::uint32_t count : {1u, 2u, 15u, 16u, 17u, 63u, 64u, 65u, 1000u})
    for (std::uint32_t seed = 1; seed <= 6; ++seed) {
      Draw draw(seed);
      const auto a = draw.values(count), b = draw.values(count);
      const nsrt::AddRequant rq{static_cast<std::int16_t>(draw.in(INT16_MIN, INT16_MAX)),
                                static_cast<std::int16_t>(draw.in(INT16_MIN, INT16_MAX)),
                                draw.in(-1'000'000'000, 1'000'000'000),
                                static_cast<std::uint8_t>(draw.in(0, 24))};
      Guarded expected(count);
      nsrt::reference_kernels().add_s8(count, rq, a.data(), b.data(), expected.data());
      for (const KernelLevel& level : kernel_levels()) {
        INFO(level.name << ", " << count << " elements, seed " << seed);
        Guarded third(count), into_a(count), into_b(count);
        std::memcpy(into_a.data(), a.data(), count);
        std::memcpy(into_b.data(), b.data(), count);
        level.kernels->add_s8(count, rq, a.data(), b.data(), third.data());
        level.kernels->add_s8(count, rq, into_a.data(), b.data(), into_a.data());
        level.kernels->add_s8(count, rq, a.data(), into_b.data(), into_b.data());
        CHECK(third == expected);
        CHECK(into_a == expected);
        CHECK(into_b == expected);
      }
    }
}
