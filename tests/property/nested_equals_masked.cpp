// Level k of nested CSR is the dense convolution with the weights of levels above k masked out: the encoders
// of ns::pack and the kernels together, on random layers.
#include <doctest/doctest.h>

#include <cstdint>
#include <memory>
#include <new>
#include <random>
#include <vector>

#include "kernels/kernels.h"
#include "ns/pack/dense.h"
#include "ns/pack/nested_csr.h"
#include "selftest/encode_case.h"

namespace {

using ns::pack::LevelledWeights;
using ns::pack::WeightShape;

struct Layer {
  nsrt::Window window;
  LevelledWeights weights;
  std::vector<nsrt::RequantRow> rows;
  std::vector<std::int8_t> input;
};

int between(std::mt19937& rng, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(rng);
}

Layer random_layer(std::mt19937& rng) {
  const int ih = between(rng, 1, 9), iw = between(rng, 1, 9), ci = between(rng, 1, 35),
            co = between(rng, 1, 9);
  const int kh = between(rng, 1, 4), kw = between(rng, 1, 4), sh = between(rng, 1, 3),
            sw = between(rng, 1, 3);
  const int top = between(rng, 0, kh - 1), left = between(rng, 0, kw - 1);
  // As many outputs as the reader allows at most, or fewer.
  const int oh = between(rng, 1, (ih - 1 + top) / sh + 1), ow = between(rng, 1, (iw - 1 + left) / sw + 1);
  const auto u16 = [](int x) { return static_cast<std::uint16_t>(x); };
  const auto u8 = [](int x) { return static_cast<std::uint8_t>(x); };
  Layer layer{{u16(ih), u16(iw), u16(ci), u16(oh), u16(ow), u16(co), u8(kh), u8(kw), u8(sh), u8(sw), u8(top),
               u8(left)},
              {{co, ci, kh, kw}, 1 << between(rng, 0, 2), between(rng, 1, 8), {}, {}},
              {},
              {}};
  LevelledWeights& w = layer.weights;
  const int density = between(rng, 0, 100);
  w.level.resize(static_cast<std::size_t>(co) * w.shape.positions(w.block));
  for (auto& level : w.level) {
    level = between(rng, 0, 99) < density ? u8(between(rng, 1, w.levels)) : std::uint8_t{0};
  }
  w.values.resize(w.shape.count());
  for (auto& value : w.values) value = static_cast<std::int8_t>(between(rng, -127, 127));
  for (int row = 0; row < co; ++row) {
    const int m = between(rng, 1 << 16, 1 << 24);
    layer.rows.push_back({between(rng, 0, 1) == 0 ? m : -m, between(rng, -50'000, 50'000)});
  }
  layer.input.resize(static_cast<std::size_t>(ci * ih * iw));
  for (auto& q : layer.input) q = static_cast<std::int8_t>(between(rng, -128, 127));
  return layer;
}

/// The dense weights of subnet k: zero where the level is 0 or above k.
std::vector<std::int8_t> masked(const LevelledWeights& w, int k) {
  std::vector<std::int8_t> values = w.values;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t channel = i % w.shape.row() / w.shape.taps();
    const std::size_t position =
        channel / static_cast<std::size_t>(w.block) * w.shape.taps() + i % w.shape.taps();
    const int level = w.level[i / w.shape.row() * w.shape.positions(w.block) + position];
    if (level == 0 || level > k) values[i] = 0;
  }
  return values;
}

struct Scratch {
  explicit Scratch(std::size_t bytes) : data(::operator new (bytes + 1, std::align_val_t{16})) {}
  ~Scratch() { ::operator delete (data, std::align_val_t{16}); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  void* data;
};

std::vector<std::int8_t> sparse_outputs(const Layer& layer, int k, const std::vector<std::uint8_t>& code,
                                        const nsrt::KernelSet& kernels) {
  const LevelledWeights& w = layer.weights;
  const std::size_t counts = static_cast<std::size_t>(w.shape.co * w.levels * 2 + 3) / 4 * 4;
  const nsrt::NestedCsr csr{reinterpret_cast<const std::uint16_t*>(code.data()), code.data() + counts,
                            static_cast<std::uint8_t>(w.block), static_cast<std::uint8_t>(w.levels),
                            static_cast<std::uint8_t>(k)};
  const nsrt::Window& window = layer.window;
  std::vector<std::int8_t> out(std::size_t{window.co} * window.oh * window.ow);
  const Scratch scratch(kernels.conv_ncsr_s8_scratch_bytes(window, csr.block));
  kernels.conv_ncsr_s8(window, csr, {-9, 4, layer.rows.data()}, layer.input.data(), out.data(), scratch.data);
  return out;
}

std::vector<std::int8_t> dense_outputs(const Layer& layer, int k, const nsrt::KernelSet& kernels) {
  const auto quads = ns::pack::encode_dense_quads(masked(layer.weights, k), layer.weights.shape);
  const nsrt::Window& window = layer.window;
  std::vector<std::int8_t> out(std::size_t{window.co} * window.oh * window.ow);
  const Scratch scratch(kernels.conv_s8_scratch_bytes(window));
  kernels.conv_s8(window, reinterpret_cast<const std::int8_t*>(quads.data()), {-9, 4, layer.rows.data()},
                  layer.input.data(), out.data(), scratch.data);
  return out;
}

}  // namespace

TEST_CASE("Every subnet of a random nested layer computes what its masked dense layer computes") {
  constexpr unsigned kSeed = 1122;
  INFO("seed " << kSeed);
  std::mt19937 rng(kSeed);
  for (int round = 0; round < 400; ++round) {
    Layer layer = random_layer(rng);
    layer.weights.values = masked(layer.weights, layer.weights.levels);
    const auto code = ns::pack::encode_nested_csr(layer.weights);
    for (int k = 1; k <= layer.weights.levels; ++k) {
      CAPTURE(round);
      CAPTURE(k);
      const auto expected = dense_outputs(layer, k, nsrt::reference_kernels());
      CHECK(sparse_outputs(layer, k, code, nsrt::reference_kernels()) == expected);
      CHECK(sparse_outputs(layer, k, code, nsrt::fast_kernels()) == expected);
      CHECK(dense_outputs(layer, k, nsrt::fast_kernels()) == expected);
    }
  }
}

TEST_CASE("The shared cases' encoders, which the board has too, give the bytes of ns::pack's") {
  using namespace nsrt::selftest;
  std::vector<std::uint8_t> found(kMaxEncodedBytes);
  for (std::uint32_t i = 0; i < kernel_case_count(); ++i) {
    const KernelCase c = kernel_case(i);
    if (!c.has_rows()) continue;
    const bool depthwise = c.kind == CaseKind::kDepthwise;
    const WeightShape shape{c.window.co, depthwise ? 1 : c.window.ci, c.window.kh, c.window.kw};
    LevelledWeights w{shape, c.sparse() ? c.block : 1, c.levels, {}, {}};
    for (std::uint32_t at = 0; at < shape.count(); ++at) {
      const auto row = at / static_cast<std::uint32_t>(shape.row()),
                 tap = at % static_cast<std::uint32_t>(shape.row());
      const std::uint32_t kx = tap % c.window.kw, ky = tap / c.window.kw % c.window.kh;
      w.values.push_back(case_kept_weight(c, row, tap / c.window.kw / c.window.kh, ky, kx, c.levels));
    }
    std::vector<std::uint8_t> expected;
    std::uint32_t bytes = 0;
    if (c.sparse()) {
      const auto positions = static_cast<std::uint32_t>(shape.positions(c.block));
      for (std::uint32_t at = 0; at < c.window.co * positions; ++at) {
        const std::uint32_t p = at % positions, kx = p % c.window.kw, ky = p / c.window.kw % c.window.kh;
        w.level.push_back(case_level(c, at / positions, p / c.window.kw / c.window.kh, ky, kx));
      }
      expected = ns::pack::encode_nested_csr(w);
      bytes = encode_ncsr(c, found.data());
    } else if (c.kind == CaseKind::kConvDense) {
      expected = ns::pack::encode_dense_quads(w.values, shape);
      bytes = encode_quads(c, reinterpret_cast<std::int8_t*>(found.data()));
    } else {
      expected = ns::pack::encode_dense_rows(w.values, shape);
      bytes = encode_rows(c, reinterpret_cast<std::int8_t*>(found.data()));
    }
    const std::vector<std::uint8_t> written(found.begin(), found.begin() + bytes);
    CHECK_MESSAGE((written == expected), c.id);
  }
}
