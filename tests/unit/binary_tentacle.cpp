#include "ns/binary/tentacle.h"

#include <doctest/doctest.h>

#include <set>

#include "expect_error.h"
#include "ns/arch/registry.h"
#include "ns/base/rng.h"
#include "ns/binary/cost.h"
#include "ns/binary/diversity.h"

using namespace ns;
using namespace ns::binary;

namespace {

nn::Graph binary_nin(arch::BinaryStyle style = {}) {
  return arch::build("nin_binary", {32, 32, 3}, 10, 0.25, style);
}

}  // namespace

TEST_CASE("every binary architecture is real at both ends, binary between, and takes the style it is given") {
  for (const std::string& name : arch::binary_names()) {
    CAPTURE(name);
    const nn::Graph graph =
        arch::build(name, {28, 28, 1}, 7, 0.25, {2, nn::Estimator::kPolynomial, true, true});
    CHECK(graph.name == name);
    CHECK(graph.layers.front().op == nn::Op::kConv);
    CHECK(graph.layers.back().op == nn::Op::kLinear);
    int binary = 0;
    for (const nn::Layer& layer : graph.layers) {
      binary += layer.op == nn::Op::kBinaryConv;
      if (layer.op == nn::Op::kSign) {
        CHECK(layer.bits == 2);
        CHECK(layer.estimator == nn::Estimator::kPolynomial);
        CHECK(layer.shift);
      }
    }
    CHECK(binary >= 6);
  }
  const TotalCost nin = total(layer_costs(arch::build("nin_binary", {32, 32, 3}, 10, 1.0)));
  CHECK(nin.real_macs == 1024 * 192 * 75 + 1920);
  CHECK(nin.binary_macs ==
        1024 * (192 * 160 + 160 * 96) + 256 * (96 * 192 * 25 + 2 * 192 * 192) + 49 * 10 * 192 * 192);
  CHECK(nin.binary_bytes * 8 == 192 * 160 + 160 * 96 + 96 * 192 * 25 + 3 * 192 * 192 + 192 * 192 * 9);
  CHECK(nin.int8_bytes == 192 * 75 + 1920);
  CHECK(binary_nin({1, nn::Estimator::kClipped, false, true}).layers.size() > binary_nin().layers.size());
}

TEST_CASE("a tentacle net repeats what comes after the split and merges before the classifier") {
  const nn::Graph single = binary_nin();
  CHECK(default_split(single) == "block1.spatial.relu");
  CHECK(default_split(arch::build("resnet8_binary", {32, 32, 3}, 10, 0.25)) == "stem.bn");
  for (const Merge merge : {Merge::kAdd, Merge::kConcat, Merge::kWeights}) {
    CAPTURE(static_cast<int>(merge));
    const nn::Graph graph = tentacle(single, {3, "block2.spatial", merge});
    CHECK(graph.infer_shapes().back().c == 10);
    const std::vector<std::string> outputs = member_outputs(graph);
    REQUIRE(outputs.size() == 3);
    for (int k = 0; k < 3; ++k) CHECK(member_of(outputs[static_cast<std::size_t>(k)]) == k);
    CHECK(merges_by_concat(graph) == (merge == Merge::kConcat));
    CHECK(graph.index_of("block2.spatial.conv") >= 0);
    CHECK(graph.index_of("member3.block2.mlp1.conv") >= 0);
    const TotalCost one = total(layer_costs(single)), three = total(layer_costs(graph));
    CHECK(three.binary_bytes < 3 * one.binary_bytes);
    CHECK(three.binary_bytes > one.binary_bytes);
  }
  CHECK(member_of("member.x") == -1);
  CHECK(member_of("block1.mlp1") == -1);
  CHECK(member_outputs(single) == std::vector<std::string>{"pool"});
}

TEST_CASE("one tentacle is the network itself") {
  const nn::Graph single = binary_nin();
  nn::Graph graph = tentacle(single, {1, "input", Merge::kConcat});
  REQUIRE(graph.layers.size() == single.layers.size());
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    CHECK(graph.layers[i].op == single.layers[i].op);
    CHECK(graph.infer_shapes()[i] == single.infer_shapes()[i]);
  }
}

TEST_CASE("impossible ensembles say what is wrong") {
  const nn::Graph single = binary_nin();
  EXPECT_ERROR(tentacle(single, {0, "input", Merge::kAdd}), kUsage, "at least one member, found 0");
  EXPECT_ERROR(tentacle(single, {2, "block7", Merge::kAdd}), kUsage,
               "split \"block7\" is outside the network");
  EXPECT_ERROR(tentacle(single, {2, "pool", Merge::kAdd}), kUsage, "leaves nothing to the members");
  EXPECT_ERROR(tentacle(single, {2, "classifier", Merge::kAdd}), kUsage, "leaves nothing to the members");
  EXPECT_ERROR(tentacle(tentacle(single, {2, "input", Merge::kAdd}), {2, "input", Merge::kAdd}), kUsage,
               "member1.block1.spatial.conv has a name");
  EXPECT_ERROR(default_split(arch::build("resnet8", {32, 32, 3}, 10, 0.25)), kUsage, "has no binary layers");
  nn::Graph two_outputs = single;
  two_outputs.outputs = {"pool", single.layers.back().name};
  EXPECT_ERROR(tentacle(two_outputs, {2, "input", Merge::kAdd}), kUsage, "must be the last layer");
  EXPECT_ERROR(merge_of("concatenate"), kUsage, "expected add, concat or weights");
}

TEST_CASE("the similarity of members is their mean cosine, with its gradient") {
  Rng rng(4);
  std::vector<Tensor> features(3, Tensor({2, 1, 1, 5})), gradients;
  for (Tensor& tensor : features)
    for (float& value : tensor.values()) value = rng.normal();
  const auto loss = [&] {
    std::vector<const Tensor*> all;
    for (const Tensor& tensor : features) all.push_back(&tensor);
    return similarity_loss(all, 0.5, gradients);
  };
  loss();
  const std::vector<Tensor> found = gradients;
  for (std::size_t k = 0; k < features.size(); ++k) {
    for (std::int64_t i = 0; i < features[k].size(); ++i) {
      const float value = features[k][i];
      features[k][i] = value + 1e-2f;
      const double above = loss();
      features[k][i] = value - 1e-2f;
      const double slope = (above - loss()) / (double{value + 1e-2f} - double{value - 1e-2f});
      features[k][i] = value;
      CHECK(double{found[k][i]} == doctest::Approx(slope).epsilon(0.01).scale(0.05));
    }
  }
  features[1] = features[0];
  features[2] = features[0];
  CHECK(loss() == doctest::Approx(0.5));
}
