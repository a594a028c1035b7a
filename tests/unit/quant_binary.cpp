// Networks with binary layers as integers: thresholds, signs of accumulators, and whole networks against
// double precision.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include "expect_error.h"
#include "kernels/requantise.h"
#include "level_agreement.h"
#include "ns/base/json.h"
#include "ns/quant/lowering.h"
#include "ns/quant/steps.h"
#include "random_network.h"

using namespace ns::quant;

namespace {

ns::nn::Graph graph_of(const std::string& layers) {
  return ns::nn::graph_from_json(ns::parse_json(
      R"({"schema":"nestkit.graph/1","name":"g","input":{"h":8,"w":8,"c":2},"layers":[)" + layers + "]}",
      "test"));
}

ns::nn::Graph graph_file(const std::string& name) {
  std::ifstream stream(std::string(NESTKIT_SOURCE_DIR "/bench/graphs/") + name);
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return ns::nn::graph_from_json(ns::parse_json(text, name), name);
}

int level_by(const std::vector<std::int16_t>& row, int n) {
  int passed = 0;
  for (std::size_t j = 1; j < row.size(); ++j) passed += n >= row[j];
  return passed ^ row[0];
}

}  // namespace

TEST_CASE("thresholds stand for every monotone function of an integer, rising, falling or constant") {
  std::mt19937 rng(5);
  for (int round = 0; round < 300; ++round) {
    const int highest = (1 << (1 + rng() % 3)) - 1, low = -static_cast<int>(rng() % 40),
              high = static_cast<int>(rng() % 40);
    const int slope = static_cast<int>(rng() % 5) - 2, offset = static_cast<int>(rng() % 60) - 30;
    const auto level = [&](int n) { return std::clamp((slope * n + offset) / 8, 0, highest); };
    const std::vector<std::int16_t> row = step_row(low, high, highest, level);
    for (int n = low; n <= high; ++n) CHECK(level_by(row, n) == level(n));
  }
}

TEST_CASE("a row for a sign is at least zero exactly where the accumulator passes") {
  for (const int threshold : {-50, -49, -1, 0, 1, 17, 50, 51}) {
    for (const bool falls : {false, true}) {
      const auto passes = [&](std::int64_t acc) { return falls ? acc <= threshold : acc >= threshold; };
      const SignRow row = sign_row(-50, 50, passes);
      for (int acc = -50; acc <= 50; ++acc)
        CHECK((nsrt::requantise_s8(acc, row.bias, row.multiplier, 0) >= 0) == passes(acc));
    }
  }
}

TEST_CASE("packed binary networks decide exactly as double precision does") {
  for (const char* name : {"binary_plain.json", "binary_residual.json"}) {
    CAPTURE(name);
    const RandomNetwork network = random_network(graph_file(name), {{}, 2, 3});
    const auto packed = ns::pack::pack_model({network.packed}, {}).bytes;
    const auto bytes = static_cast<std::size_t>(network.images.shape.size());
    std::vector<std::int8_t> inputs;
    for (std::size_t i = 0; i < 3 * bytes; ++i)
      inputs.push_back(static_cast<std::int8_t>(static_cast<int>(network.images.pixels[i]) - 128));
    const LevelAgreement found = level_agreement(network.model, network.packed.network, packed, inputs);
    CHECK(found.levels > 10000);
    CHECK(found.different == 0);
  }
}

TEST_CASE("layers between a binary convolution and a sign become its thresholds, around one max pool") {
  const LoweredGraph lowered = lower(graph_file("binary_plain.json"));
  std::vector<OperatorKind> kinds;
  for (const LoweredOperator& op : lowered.operators) kinds.push_back(op.kind);
  using enum OperatorKind;
  CHECK(kinds == std::vector{kConv, kStep, kBinaryConv, kMaxPool, kBinaryConv, kMaxPool, kBinaryConv,
                             kAvgPool, kLinear});
  CHECK(lowered.operators[2].before.size() == 1);
  CHECK(lowered.operators[2].after.size() == 1);
  CHECK(lowered.operators[3].flips_of == 2);
  CHECK(lowered.operators[5].flips_of == -1);
  CHECK(lowered.bits == std::vector{0, 0, 1, 1, 1, 2, 2, 0, 0, 0});
}

TEST_CASE("a gated convolution that only a sign reads keeps its int8, for the gate multiplies it") {
  const RandomNetwork network = random_network(
      graph_of(
          R"({"name":"p","op":"global_avg_pool"},{"name":"l","op":"linear","units":4},{"name":"r","op":"relu"},)"
          R"({"name":"c","op":"conv","filters":4,"kernel":1,"inputs":["input"]},)"
          R"({"name":"g","op":"scale","inputs":["c","r"]},{"name":"s","op":"sign","bits":1},)"
          R"({"name":"b","op":"binary_conv","filters":8,"kernel":3},{"name":"n","op":"batch_norm"},)"
          R"({"name":"a","op":"global_avg_pool"},{"name":"o","op":"linear","units":3})"),
      {{}, 2, 3});
  const auto packed = ns::pack::pack_model({network.packed}, {}).bytes;
  std::vector<std::int8_t> inputs;
  for (const std::uint8_t pixel : network.images.pixels)
    inputs.push_back(static_cast<std::int8_t>(pixel - 128));
  const LevelAgreement found = level_agreement(network.model, network.packed.network, packed, inputs);
  CHECK(found.levels > 100);
  CHECK(found.different == 0);
}

TEST_CASE("scores that a sign reads, too, stay scores for the detections") {
  const RandomNetwork network =
      random_network(ns::nn::graph_from_json(
                         ns::parse_json(
                             R"({"schema":"nestkit.graph/1","name":"g","input":{"h":8,"w":8,"c":3},"layers":[
              {"name":"b","op":"conv","filters":4,"kernel":1},
              {"name":"s","op":"conv","filters":3,"kernel":1,"bias":true,"inputs":["input"]},
              {"name":"t","op":"sign"},
              {"name":"bb","op":"binary_conv","filters":8,"kernel":1},
              {"name":"n","op":"batch_norm"},
              {"name":"r","op":"relu"},
              {"name":"s2","op":"conv","filters":3,"kernel":1,"bias":true},
              {"name":"b2","op":"conv","filters":4,"kernel":1,"inputs":["r"]}],
            "outputs":["s","b","s2","b2"],
            "detection":{"classes":2,"scales":[{"scores":"s","boxes":"b","sizes":[[0.5,0.25]]},
                                               {"scores":"s2","boxes":"b2","sizes":[[1,1]]}]}})",
                             "test"),
                         "test"),
                     {{}, 2, 3});
  const QuantisedNetwork& packed = network.packed.network;
  const QuantisedOperator& step = packed.operators[2];
  REQUIRE(step.kind == OperatorKind::kStep);
  const auto& rows = std::get<StepTable>(step.tables.at(0)).rows;
  CHECK(std::ranges::any_of(rows, [](int value) { return value != 0; }));  // thresholds of the scores' int8
}

TEST_CASE("binary layers that cannot be packed are refused with their name and the reason") {
  const std::string conv =
      R"({"name":"c","op":"conv","filters":4,"kernel":3,"padding":1},{"name":"s","op":"sign"})";
  const std::string binary = conv + R"(,{"name":"b","op":"binary_conv","filters":4,"kernel":1})";
  EXPECT_ERROR(lower(graph_of(conv + R"(,{"name":"x","op":"global_avg_pool"})")), kInput,
               "\"x\" cannot be packed: it reads \"s\", a sign");
  const std::string pool =
      R"(,{"name":"p1","op":"max_pool","kernel":2,"stride":2},{"name":"p2","op":"max_pool","kernel":2,"stride":2})";
  EXPECT_ERROR(
      lower(graph_of(binary + pool +
                     R"(,{"name":"t","op":"sign"},{"name":"d","op":"binary_conv","filters":2,"kernel":1})")),
      kInput, "\"t\" cannot be packed: there are 2 max pools");
}

TEST_CASE("a binary layer whose sums may leave 16 bits is refused by name") {
  const auto graph =
      graph_of(R"({"name":"c","op":"conv","filters":600,"kernel":1},{"name":"s","op":"sign","bits":3},)"
               R"({"name":"wide","op":"binary_conv","filters":2,"kernel":3,"padding":1})");
  EXPECT_ERROR(random_network(graph, {{}, 2, 1}), kInput, "\"wide\": sums of levels reach 37800");
}
