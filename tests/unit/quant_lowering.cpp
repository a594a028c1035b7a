// Which graphs can be packed, into which operators, and what refusals say.
#include <doctest/doctest.h>

#include "expect_error.h"
#include "ns/arch/registry.h"
#include "ns/base/json.h"
#include "ns/nested/allocation.h"
#include "ns/nested/gates.h"
#include "ns/quant/lowering.h"

using namespace ns::quant;
using ns::nn::Graph;

namespace {

Graph graph_of(const char* layers) {
  return ns::nn::graph_from_json(ns::parse_json(
      std::string(R"({"schema":"nestkit.graph/1","name":"g","input":{"h":8,"w":8,"c":2},"layers":[)") +
          layers + "]}",
      "test"));
}

constexpr const char* kConv = R"({"name":"c","op":"conv","filters":4,"kernel":3,"stride":1,"padding":1})";

}  // namespace

TEST_CASE("resnet8 becomes twelve convolutions and additions, a pool and a classifier") {
  const LoweredGraph lowered = lower(ns::arch::build("resnet8", {28, 28, 1}, 10, 1.0));
  int counts[7] = {};
  for (const LoweredOperator& op : lowered.operators) {
    ++counts[static_cast<int>(op.kind)];
    if (op.kind == OperatorKind::kConv) CHECK(op.batch_norm >= 0);
    if (op.kind == OperatorKind::kAdd) CHECK(op.relu);
  }
  CHECK(counts[static_cast<int>(OperatorKind::kConv)] == 9);
  CHECK(counts[static_cast<int>(OperatorKind::kAdd)] == 3);
  CHECK(counts[static_cast<int>(OperatorKind::kAvgPool)] == 1);
  CHECK(counts[static_cast<int>(OperatorKind::kLinear)] == 1);
  CHECK(lowered.int16_output);
  CHECK(lowered.tensors.size() == lowered.operators.size() + 1);
  CHECK(lowered.operators.back().value ==
        static_cast<int>(ns::arch::build("resnet8", {28, 28, 1}, 10, 1.0).layers.size()) - 1);
}

TEST_CASE("Layers that cannot be packed are refused with their name and the reason") {
  const std::string conv = kConv;
  const auto refuse = [](const std::string& layers, const char* name, const char* reason) {
    EXPECT_ERROR(lower(graph_of(layers.c_str())), kInput, name);
    EXPECT_ERROR(lower(graph_of(layers.c_str())), kInput, reason);
  };
  refuse(R"({"name":"r","op":"relu"})", "layer \"r\"", "network's input");
  refuse(R"({"name":"b","op":"batch_norm"})", "layer \"b\"", "network's input");
  refuse(conv + R"(,{"name":"r","op":"relu"},{"name":"b","op":"batch_norm"})", "layer \"b\"",
         "it follows \"r\", a ReLU");
  refuse(conv + R"(,{"name":"p","op":"max_pool","kernel":2,"stride":2},{"name":"b","op":"batch_norm"})",
         "layer \"b\"", "a max pool");
  refuse(conv + R"(,{"name":"p","op":"max_pool","kernel":2,"stride":2},{"name":"r","op":"relu"})",
         "layer \"r\"", "a max pool");
  refuse(conv + R"(,{"name":"b","op":"batch_norm"},{"name":"a","op":"add","inputs":["b","c"]})",
         "layer \"b\"", "also read by other layers");
  refuse(conv + R"(,{"name":"r","op":"relu"},{"name":"a","op":"add","inputs":["r","c"]})", "layer \"r\"",
         "also read by other layers");
  refuse(conv + R"(,{"name":"p","op":"avg_pool","kernel":3,"stride":1,"padding":1})", "layer \"p\"",
         "padding");
  const std::string factors =
      R"({"name":"p","op":"global_avg_pool","inputs":["input"]},{"name":"s","op":"linear","units":4},)";
  const auto gate = [](const std::string& x, const std::string& s) {
    return R"(,{"name":"g","op":"scale","inputs":[")" + x + "\",\"" + s + "\"]}";
  };
  refuse(factors + R"({"name":"r","op":"relu"},)" +
             R"({"name":"c","op":"conv","filters":4,"kernel":3,"inputs":["input"]})" + gate("c", "r") +
             R"(,{"name":"b","op":"batch_norm"})",
         "layer \"b\"", "it follows \"g\"");
  refuse(factors + R"({"name":"c","op":"conv","filters":4,"kernel":3,"inputs":["input"]})" + gate("c", "s"),
         "layer \"g\"", "its factors are \"s\"");
  refuse(conv + "," + factors + R"({"name":"r","op":"relu"})" + gate("c", "r"), "layer \"g\"",
         "computed before the convolution");
  refuse(conv + R"(,{"name":"m","op":"max_pool","kernel":2})" + "," + factors +
             R"({"name":"r","op":"relu"})" + gate("m", "r"),
         "layer \"g\"", "it follows \"m\"");
}

TEST_CASE("a gate becomes a part of its convolution, whose second input is the saliencies") {
  const LoweredGraph lowered = lower(ns::nested::with_gates(ns::arch::build("resnet8", {28, 28, 1}, 10, 1.0),
                                                            {{0.5}, ns::nested::default_dense_layers()}));
  int gated = 0;
  for (const LoweredOperator& op : lowered.operators) {
    if (op.gate < 0) continue;
    ++gated;
    CHECK(op.kind == OperatorKind::kConv);
    CHECK(op.value == op.gate);
    CHECK(lowered.operators[static_cast<std::size_t>(op.second_input - 1)].kind == OperatorKind::kLinear);
  }
  CHECK(gated == 8);
  CHECK(lowered.operators.size() == 14 + 2 * 8);
}
