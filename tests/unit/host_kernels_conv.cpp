// Every level of the host kernels against the reference kernels: convolution, dense and nested sparse, and
// depthwise.
#include <doctest/doctest.h>

#include "support/kernel_levels.h"

using namespace ns::testing;
using nsrt::Window;

namespace {

constexpr std::uint32_t kSeeds = 2;

/// Square and oblong planes around the vector lengths 4, 8 and 16, strides and paddings, channels around
/// pairs and tiles.
std::vector<Window> windows() {
  std::vector<Window> all;
  for (int extent : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 32})
    for (int kernel : {1, 2, 3, 5})
      for (int stride : {1, 2, 3})
        for (int pad : {0, 1, 2})
          if (pad < kernel && extent + 2 * pad >= kernel) {
            const int channels = extent % 3 == 0 ? 3 : extent % 3 == 1 ? 4 : 1;
            all.push_back(window(extent, extent, channels, 1 + extent % 6, kernel, stride, pad));
          }
  for (int ci : {1, 2, 3, 5, 31, 32, 33})
    for (int co : {1, 3, 4, 5, 8}) all.push_back(window(5, 6, ci, co, 3, 1, 1));
  all.push_back(
      {9, 4, 3, 4, 2, 5, 3, 2, 2, 2, 0, 1});  // one-sided padding: oh·s + kh − ih asks for a row below only
  all.push_back({5, 31, 2, 5, 29, 2, 1, 3, 1, 1, 0, 0});    // a row kernel
  all.push_back({10, 1, 64, 10, 1, 3, 4, 1, 1, 1, 1, 0});   // speech: one column
  all.push_back({49, 10, 1, 25, 5, 4, 10, 4, 2, 2, 4, 1});  // DS-CNN's first layer
  all.push_back({6, 6, 2, 2, 2, 2, 3, 3, 5, 4, 1, 1});      // stride above kernel
  all.push_back({1, 300, 2, 1, 300, 2, 1, 3, 1, 1, 0, 1});  // flat plane longer than any tile
  return all;
}

nsrt::Requant requant(Draw& draw, const std::vector<nsrt::RequantRow>& rows) {
  return {static_cast<std::int8_t>(draw.in(-128, 127)),
          static_cast<std::int8_t>(draw.chance(0.5) ? -128 : draw.in(-128, 127)), rows.data()};
}

}  // namespace

TEST_CASE("Dense convolution equals the reference at every level, and writes nothing else") {
  for (const Window& w : windows())
    for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
      Draw draw(seed);
      const ns::pack::WeightShape shape{w.co, w.ci, w.kh, w.kw};
      const auto weights = ns::pack::encode_dense_quads(draw.values(shape.count(), -127), shape);
      const auto in = draw.values(inputs(w));
      const auto rows = draw.rows(w.co);
      const nsrt::Requant rq = requant(draw, rows);
      const auto* bytes = reinterpret_cast<const std::int8_t*>(weights.data());
      Guarded expected(outputs(w));
      nsrt::reference_kernels().conv_s8(w, bytes, rq, in.data(), expected.data(), nullptr);
      for (const KernelLevel& level : kernel_levels()) {
        INFO(level.name << ", seed " << seed << ", " << text(w));
        Guarded out(outputs(w)), scratch(level.kernels->conv_s8_scratch_bytes(w));
        level.kernels->conv_s8(w, bytes, rq, in.data(), out.data(), scratch.data());
        CHECK(out == expected);
        CHECK(scratch.intact());
      }
    }
}

TEST_CASE("Nested sparse convolution equals the reference for every subnet, block and level") {
  for (const Window& w : windows())
    for (int block : {1, 2, 4})
      for (double density : {0.0, 0.02, 0.3, 1.0}) {
        const std::uint32_t seed = static_cast<std::uint32_t>(w.ih * 1000 + w.ci * 10 + block);
        Draw draw(seed);
        const auto nested = draw.nested({w.co, w.ci, w.kh, w.kw}, block, 1 + block, density);
        const auto bytes = ns::pack::encode_nested_csr(nested);
        const auto in = draw.values(inputs(w));
        const auto rows = draw.rows(w.co);
        const nsrt::Requant rq = requant(draw, rows);
        for (int subnet : {1, nested.levels}) {
          const nsrt::NestedCsr csr = view_of(bytes, nested, subnet);
          Guarded expected(outputs(w));
          nsrt::reference_kernels().conv_ncsr_s8(w, csr, rq, in.data(), expected.data(), nullptr);
          for (const KernelLevel& level : kernel_levels()) {
            INFO(level.name << ", seed " << seed << ", " << text(w) << ", block " << block << ", density "
                            << density << ", subnet " << subnet);
            Guarded out(outputs(w)), scratch(level.kernels->conv_ncsr_s8_scratch_bytes(w, csr.block));
            level.kernels->conv_ncsr_s8(w, csr, rq, in.data(), out.data(), scratch.data());
            CHECK(out == expected);
            CHECK(scratch.intact());
          }
        }
      }
}

TEST_CASE("Depthwise convolution equals the reference at every level") {
  for (Window w : windows())
    for (std::uint32_t seed = 1; seed <= kSeeds; ++seed) {
      w.co = w.ci;
      Draw draw(seed);
      const ns::pack::WeightShape shape{w.co, 1, w.kh, w.kw};
      const auto weights = ns::pack::encode_dense_rows(draw.values(shape.count(), -127), shape);
      const auto in = draw.values(inputs(w));
      const auto rows = draw.rows(w.co);
      const nsrt::Requant rq = requant(draw, rows);
      const auto* bytes = reinterpret_cast<const std::int8_t*>(weights.data());
      Guarded expected(outputs(w));
      nsrt::reference_kernels().dwconv_s8(w, bytes, rq, in.data(), expected.data(), nullptr);
      for (const KernelLevel& level : kernel_levels()) {
        INFO(level.name << ", seed " << seed << ", " << text(w));
        Guarded out(outputs(w)), scratch(level.kernels->dwconv_s8_scratch_bytes(w));
        level.kernels->dwconv_s8(w, bytes, rq, in.data(), out.data(), scratch.data());
        CHECK(out == expected);
        CHECK(scratch.intact());
      }
    }
}
