// pack ∘ unpack = identity for every weight encoding, on random layers and at the format's boundaries.
#include <doctest/doctest.h>

#include <random>

#include "ns/base/error.h"
#include "ns/pack/dense.h"
#include "ns/pack/encoding.h"
#include "ns/pack/entropy_bound.h"
#include "ns/pack/nested_csr.h"
#include "ns/pack/nested_rice.h"

using namespace ns::pack;

namespace {

/// Random weights, never zero where kept, so that the level map can be recovered in full.
LevelledWeights random_layer(std::mt19937& rng, WeightShape shape, int block, int levels, double density) {
  LevelledWeights w{shape, block, levels, {}, {}};
  w.values.resize(shape.count());
  w.level.resize(static_cast<std::size_t>(shape.co) * shape.positions(block));
  std::uniform_real_distribution<double> uniform(0, 1);
  for (auto& level : w.level)
    if (uniform(rng) < density)
      level = static_cast<std::uint8_t>(1 + static_cast<int>(rng() % static_cast<unsigned>(levels)));
  for (std::size_t i = 0; i < w.values.size(); ++i) {
    const std::size_t channel = i % shape.row() / shape.taps();
    const std::size_t p = channel / static_cast<std::size_t>(block) * shape.taps() + i % shape.taps();
    if (w.level[i / shape.row() * shape.positions(block) + p] == 0) continue;
    const int value = static_cast<int>(rng() % 127) + 1;
    w.values[i] = static_cast<std::int8_t>(rng() % 2 ? value : -value);
  }
  return w;
}

LevelledWeights one_row(int ci, std::vector<std::uint8_t> level, std::vector<std::int8_t> values) {
  return {{1, ci, 1, 1}, 1, 1, std::move(values), std::move(level)};
}

}  // namespace

TEST_CASE("Both nested encodings decode to the weights and levels they were made from") {
  std::mt19937 rng(20240611);
  for (int block : {1, 2, 4})
    for (int levels : {1, 3, 8})
      for (int ci : {1, 2, 3, 31, 32, 33})
        for (int k : {1, 3})
          for (double density : {0.0, 0.003, 0.1, 0.5, 1.0}) {
            const auto w = random_layer(rng, {5, ci, k, k}, block, levels, density);
            CAPTURE(block);
            CAPTURE(levels);
            CAPTURE(ci);
            CAPTURE(k);
            CAPTURE(density);
            const auto bytes = encode_nested_csr(w);
            CHECK(bytes.size() == nested_csr_bytes(w));
            CHECK((decode_nested_csr(bytes, w.shape, block, levels) == w));
            CHECK((decode_nested_rice(encode_nested_rice(w), w.shape, block, levels) == w));
          }
}

TEST_CASE("Distances above 255 are bridged, 255 itself is not") {
  for (int distance : {254, 255, 256, 510, 511, 700}) {
    CAPTURE(distance);
    std::vector<std::uint8_t> level(800);
    std::vector<std::int8_t> values(800);
    for (int p : {0, distance})
      level[static_cast<std::size_t>(p)] = 1, values[static_cast<std::size_t>(p)] = -7;
    const auto w = one_row(800, level, values);
    const auto bytes = encode_nested_csr(w);
    const std::size_t records = 2 + static_cast<std::size_t>((distance - 1) / 255);
    CHECK(bytes.size() == 4 + 2 * records);
    CHECK(bytes[0] == records);
    CHECK((decode_nested_csr(bytes, w.shape, 1, 1) == w));
  }
}

TEST_CASE("A kept weight that was quantised to zero stays an entry") {
  const auto w = one_row(4, {0, 1, 0, 1}, {0, 0, 0, 5});
  const auto bytes = encode_nested_csr(w);
  CHECK(bytes == std::vector<std::uint8_t>{2, 0, 0, 0, 1, 0, 2, 5});
  CHECK((decode_nested_csr(bytes, w.shape, 1, 1) == w));
}

TEST_CASE("The documented bytes of a small nested layer") {
  // Two rows, three channels in blocks of two, three levels; worked out by hand from docs/format/nsm.md.
  const LevelledWeights w{{2, 3, 1, 1}, 2, 3, {1, -2, 3, 0, 0, -4}, {3, 1, 0, 2}};
  const std::vector<std::uint8_t> expected = {1, 0, 0, 0, 1, 0,   0, 0,   1, 0, 0, 0,  // counts
                                              1, 3, 0, 0, 1, 254, 1, 252, 0};          // records
  CHECK(encode_nested_csr(w) == expected);
}

TEST_CASE("Broken nested CSR bytes are refused") {
  const WeightShape shape{1, 4, 1, 1};
  const auto refuse = [&](std::vector<std::uint8_t> bytes, int levels = 1, int block = 1) {
    CHECK_THROWS_AS(decode_nested_csr(bytes, shape, block, levels), ns::Error);
  };
  refuse({1, 0});                       // no room for the counts
  refuse({1, 0, 0, 0, 1});              // truncated record
  refuse({1, 0, 0, 0, 4, 1});           // position beyond the row
  refuse({2, 0, 0, 0, 1, 1, 0, 1});     // later gap 0
  refuse({1, 0, 0, 0, 1, 1, 9});        // bytes left over
  refuse({1, 0, 1, 0, 1, 1, 1, 1}, 2);  // one position in two levels
  CHECK_THROWS_AS(decode_nested_csr(std::vector<std::uint8_t>{1, 0, 0, 0, 1, 5, 5}, {1, 3, 1, 1}, 2, 1),
                  ns::Error);
}

TEST_CASE("Weights that contradict their levels are a bug that is noticed") {
  CHECK_THROWS_AS(encode_nested_csr(one_row(2, {0, 1}, {3, 1})), ns::Error);
  CHECK_THROWS_AS(encode_nested_csr(one_row(2, {2, 1}, {3, 1})), ns::Error);
  CHECK_THROWS_AS(encode_nested_csr(one_row(3, {1, 1}, {3, 1})), ns::Error);
}

TEST_CASE("Dense quads and dense rows decode to the weights they were made from") {
  std::mt19937 rng(7);
  for (int ci : {1, 2, 3, 31, 32, 33})
    for (int kh : {1, 2, 3})
      for (int kw : {1, 3}) {
        const WeightShape shape{3, ci, kh, kw};
        const auto w = random_layer(rng, shape, 1, 1, 0.7);
        CHECK(decode_dense_quads(encode_dense_quads(w.values, shape), shape) == w.values);
        CHECK(decode_dense_rows(encode_dense_rows(w.values, shape), shape) == w.values);
      }
}

TEST_CASE("The documented bytes of dense quads") {
  // Three channels at two taps: positions (cb 0: tap 0, tap 1), (cb 1: tap 0, tap 1).
  const std::vector<std::int8_t> values = {1, 2, 3, 4, 5, 6};
  CHECK(encode_dense_quads(values, {1, 3, 1, 2}) == std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6, 0, 0});
  CHECK(encode_dense_quads(std::vector<std::int8_t>{1, 2, 3}, {1, 3, 1, 1}) ==
        std::vector<std::uint8_t>{1, 3, 2, 0});
}

TEST_CASE("The documented bytes of a small Rice-coded layer") {
  // The layer above, worked out by hand: gaps 2 | none, 2 | 1 (levels 1, 2, 3 over both rows), no low bits.
  const LevelledWeights w{{2, 3, 1, 1}, 2, 3, {1, -2, 3, 0, 0, -4}, {3, 1, 0, 2}};
  const std::vector<std::uint8_t> expected = {
      48, 0,    0, 0, 1, 0, 0,   0,
      4,  0,    0, 0, 0, 1, 0,   0,  // level 1: at 48, 1 record, 4 bytes of codes, k 0
      56, 0,    0, 0, 1, 0, 0,   0,
      4,  0,    0, 0, 0, 1, 0,   0,  // level 2
      64, 0,    0, 0, 1, 0, 0,   0,
      4,  0,    0, 0, 0, 1, 0,   0,     // level 3
      0,  0x40, 0, 0, 1, 0, 3,   0,     // 01; counts 1, 0; weights
      0,  0x40, 0, 0, 0, 1, 252, 0,     //
      0,  0x80, 0, 0, 1, 0, 1,   254};  // 1
  CHECK(encode_nested_rice(w) == expected);
}

TEST_CASE("Distances longer than a code are bridged") {
  for (int distance : {15, 16, 17, 100, 2000, 9000}) {
    CAPTURE(distance);
    std::vector<std::uint8_t> level(10000);
    std::vector<std::int8_t> values(10000);
    for (int p = 0; p < 500; ++p)
      level[static_cast<std::size_t>(p)] = 1, values[static_cast<std::size_t>(p)] = 3;
    const auto far = static_cast<std::size_t>(499 + distance);
    level[far] = 1, values[far] = -7;
    const auto w = one_row(10000, level, values);
    const auto bytes = encode_nested_rice(w);
    CHECK((bytes[12] == 0) == (distance <= 100));  // low bits only where they pay
    CHECK((decode_nested_rice(bytes, w.shape, 1, 1) == w));
  }
}

TEST_CASE("Broken Rice-coded bytes are refused") {
  const auto w = one_row(40, std::vector<std::uint8_t>(40, 1), std::vector<std::int8_t>(40, 5));
  const auto good = encode_nested_rice(w);
  const auto refuse = [&](std::vector<std::uint8_t> bytes) {
    CHECK_THROWS_AS(decode_nested_rice(bytes, w.shape, 1, 1), ns::Error);
  };
  for (std::size_t size = 0; size < good.size(); ++size)
    refuse({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)});
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    auto bytes = good;
    bytes[at] = value;
    return bytes;
  };
  refuse(changed(0, 20));   // place of the level
  refuse(changed(4, 41));   // records
  refuse(changed(12, 15));  // low bits
  refuse(changed(13, 3));   // bytes of a count
  refuse(changed(17, 0));   // other codes
  refuse(changed(24, 39));  // count
}

TEST_CASE("Rice codes of random levels come close to the entropy bound") {
  std::mt19937 rng(3);
  for (const int block : {1, 2}) {
    const auto w = random_layer(rng, {64, 512, 1, 1}, block, 3, 0.3);
    const double ratio = static_cast<double>(encode_nested_rice(w).size()) / entropy_bound(w);
    CHECK(ratio > 1);
    CHECK(ratio < (block == 1 ? 1.04 : 1.035));
  }
}
