#include "ns/nn/network.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "expect_error.h"
#include "nn_reference.h"
#include "ns/arch/registry.h"
#include "ns/base/rng.h"
#include "ns/nn/loss.h"
#include "ns/nn/optimizer.h"

namespace {

using ns::nn::Mode;

ns::Tensor random_tensor(const ns::Shape& shape, std::uint64_t seed) {
  ns::Rng rng(seed);
  ns::Tensor tensor(shape);
  for (float& value : tensor.values()) {
    value = rng.normal();
  }
  return tensor;
}

bool same_bytes(const ns::Tensor& a, const ns::Tensor& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(float)) == 0;
}

ns::nn::Network small_resnet(int banks = 1, std::uint64_t seed = 3) {
  return {ns::arch::build("resnet8", {12, 12, 3}, 4, 0.5), banks, seed};
}

/// Three training steps on eight images.
ns::nn::Network trained(std::uint64_t seed) {
  ns::nn::Network network = small_resnet(1, seed);
  ns::nn::Sgd sgd(network.parameters(), {.momentum = 0.9, .weight_decay = 1e-3});
  const std::vector<std::int32_t> labels{0, 1, 2, 3, 3, 2, 1, 0};
  ns::Tensor gradient;
  for (std::uint64_t step = 0; step < 3; ++step) {
    const ns::Tensor x = random_tensor({8, 12, 12, 3}, step);
    ns::nn::cross_entropy(network.forward(x, Mode::kTrain), labels, 0.1, gradient);
    network.backward(gradient);
    sgd.step(0.1);
  }
  return network;
}

}  // namespace

TEST_CASE("two training runs from one seed end in identical bytes, another seed does not") {
  const ns::nn::Network a = trained(1), b = trained(1), c = trained(2);
  for (std::size_t i = 0; i < a.parameters().size(); ++i) {
    CAPTURE(a.parameters()[i].name);
    CHECK(same_bytes(a.parameters()[i].value, b.parameters()[i].value));
  }
  for (std::size_t i = 0; i < a.buffers().size(); ++i) {
    CHECK(same_bytes(a.buffers()[i].value, b.buffers()[i].value));
  }
  CHECK_FALSE(same_bytes(a.parameters()[0].value, c.parameters()[0].value));
}

TEST_CASE("keeping activations changes no bit of the output or of the gradients") {
  ns::nn::Network network = small_resnet();
  const ns::Tensor x = random_tensor({3, 12, 12, 3}, 1);
  const ns::Tensor cotangent = random_tensor({3, 4}, 2);
  const ns::Tensor plain = network.forward(x, Mode::kTrain);
  network.backward(cotangent);
  std::vector<ns::Tensor> gradients;
  for (const auto& parameter : network.parameters()) {
    gradients.push_back(parameter.grad);
  }
  network.keep_activations(true);
  CHECK(same_bytes(network.forward(x, Mode::kTrain), plain));
  network.backward(cotangent);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    CHECK(same_bytes(network.parameters()[i].grad, gradients[i]));
  }
}

TEST_CASE("an activation that was not kept is refused") {
  ns::nn::Network network = small_resnet();
  network.forward(random_tensor({1, 12, 12, 3}, 1), Mode::kEval);
  EXPECT_ERROR(network.activation(0), kInternal, "was not kept");
}

TEST_CASE(
    "a masked parameter acts as value times mask, and its gradient is that of the masked weight, dense") {
  for (const std::string name : {"stack1.conv1.weight", "stack2.shortcut.conv.weight", "classifier.weight"}) {
    CAPTURE(name);
    ns::nn::Network masked = small_resnet(), multiplied = small_resnet();
    ns::Tensor mask(masked.parameter(name).value.shape());
    for (std::int64_t i = 0; i < mask.size(); ++i) {
      mask[i] = i % 3 == 0 ? 1.0f : 0.0f;
      multiplied.parameter(name).value[i] *= mask[i];
    }
    const ns::Tensor before = masked.parameter(name).value;
    masked.parameter(name).mask = &mask;
    const ns::Tensor x = random_tensor({4, 12, 12, 3}, 5), cotangent = random_tensor({4, 4}, 6);
    CHECK(same_bytes(masked.forward(x, Mode::kTrain), multiplied.forward(x, Mode::kTrain)));
    masked.backward(cotangent);
    multiplied.backward(cotangent);
    for (std::size_t i = 0; i < masked.parameters().size(); ++i) {
      CHECK(same_bytes(masked.parameters()[i].grad, multiplied.parameters()[i].grad));
    }
    CHECK(same_bytes(masked.parameter(name).value, before));
    std::int64_t learning_where_masked = 0;
    for (std::int64_t i = 0; i < mask.size(); ++i) {
      learning_where_masked += mask[i] == 0.0f && masked.parameter(name).grad[i] != 0.0f;
    }
    CHECK(learning_where_masked > 0);
    masked.parameter(name).mask = nullptr;
    ns::nn::Network plain = small_resnet();
    CHECK(same_bytes(masked.forward(x, Mode::kTrain), plain.forward(x, Mode::kTrain)));
  }
}

TEST_CASE("a depthwise weight can be masked") {
  ns::nn::Graph graph;
  graph.name = "depthwise";
  graph.input = {6, 6, 5};
  graph.layers = {{.name = "dw", .op = ns::nn::Op::kDepthwiseConv, .inputs = {"input"}, .kernel = {3, 3}}};
  ns::nn::Network network(graph, 1, 1);
  const ns::Tensor zeros(network.parameter("dw.weight").value.shape());
  network.parameter("dw.weight").mask = &zeros;
  for (const float value : network.forward(random_tensor({2, 6, 6, 5}, 1), Mode::kTrain).values()) {
    CHECK(value == 0.0f);
  }
}

TEST_CASE("a mask of another shape is refused") {
  ns::nn::Network network = small_resnet();
  const ns::Tensor mask({2, 2});
  network.parameter("stem.conv.weight").mask = &mask;
  EXPECT_ERROR(network.forward(random_tensor({1, 12, 12, 3}, 1), Mode::kEval), kInternal, "stem.conv.weight");
}

TEST_CASE("training in one bank leaves the running statistics and gradients of the others alone") {
  ns::nn::Network network = small_resnet(3);
  CHECK(network.parameter("stem.bn@2.weight").value[0] == 1.0f);
  network.select_bank(2);
  network.forward(random_tensor({4, 12, 12, 3}, 1), Mode::kTrain);
  network.select_bank(0);  // backward belongs to the bank of its forward
  network.backward(random_tensor({4, 4}, 2));
  const auto moved = [](const ns::Tensor& tensor, float from) {
    for (const float value : tensor.values()) {
      if (value != from) {
        return true;
      }
    }
    return false;
  };
  for (const std::string bank : {"", "@1", "@2"}) {
    CAPTURE(bank);
    CHECK(moved(network.buffer("stem.bn" + bank + ".running_mean").value, 0.0f) == (bank == "@2"));
    CHECK(moved(network.buffer("stem.bn" + bank + ".running_var").value, 1.0f) == (bank == "@2"));
    CHECK(moved(network.parameter("stem.bn" + bank + ".weight").grad, 0.0f) == (bank == "@2"));
    CHECK(moved(network.parameter("stem.bn" + bank + ".bias").grad, 0.0f) == (bank == "@2"));
  }
  EXPECT_ERROR(network.select_bank(3), kInternal, "bank 3 of 3");
}

TEST_CASE("running statistics move by a tenth towards the batch mean and the unbiased variance") {
  ns::nn::Graph graph;
  graph.name = "bn";
  graph.input = {1, 2, 1};
  graph.layers = {{.name = "bn", .op = ns::nn::Op::kBatchNorm, .inputs = {"input"}}};
  ns::nn::Network network(graph, 1, 1);
  ns::Tensor x({2, 1, 2, 1});
  const float values[] = {1001.0f, 1002.0f, 1003.0f, 1006.0f};  // mean 1003, squares about it 14
  std::copy_n(values, 4, x.data());
  network.forward(x, Mode::kTrain);
  CHECK(network.buffer("bn.running_mean").value[0] == doctest::Approx(100.3));
  CHECK(network.buffer("bn.running_var").value[0] == doctest::Approx(0.9 + 0.1 * 14.0 / 3.0));
  network.forward(x, Mode::kEval);
  CHECK(network.buffer("bn.running_mean").value[0] == doctest::Approx(100.3));
}

TEST_CASE("batch statistics of a single value are refused, with the layer's name") {
  ns::nn::Graph graph;
  graph.name = "bn";
  graph.input = {1, 1, 2};
  graph.layers = {{.name = "norm", .op = ns::nn::Op::kBatchNorm, .inputs = {"input"}}};
  ns::nn::Network network(graph, 1, 1);
  EXPECT_ERROR(network.forward(ns::Tensor({1, 1, 1, 2}), Mode::kTrain), kUsage, "'norm'");
}

TEST_CASE("an image's logits do not depend on the batch it is evaluated in") {
  ns::nn::Network network = small_resnet();
  const ns::Tensor x = random_tensor({7, 12, 12, 3}, 1);
  const ns::Tensor together = network.forward(x, Mode::kEval);
  for (std::int64_t image = 0; image < 7; ++image) {
    ns::Tensor one({1, 12, 12, 3});
    std::copy_n(x.data() + image * one.size(), one.size(), one.data());
    const ns::Tensor& alone = network.forward(one, Mode::kEval);
    REQUIRE(alone.shape() == ns::Shape{1, 4});
    for (std::int64_t c = 0; c < 4; ++c) {
      CHECK(alone[c] == doctest::Approx(together[image * 4 + c]).epsilon(1e-4));
    }
  }
}

TEST_CASE("the batch may change, or go away, between forward and backward") {
  ns::nn::Network a = small_resnet(), b = small_resnet();
  ns::Tensor x = random_tensor({5, 12, 12, 3}, 1);
  const ns::Tensor cotangent = random_tensor({5, 4}, 2);
  a.forward(x, Mode::kTrain);
  b.forward(x, Mode::kTrain);
  a.backward(cotangent);
  x.fill(0.0f);
  b.backward(cotangent);
  CHECK(same_bytes(a.parameter("stem.conv.weight").grad, b.parameter("stem.conv.weight").grad));
}

TEST_CASE("a batch of another shape, backward after evaluation and unknown names are refused") {
  ns::nn::Network network = small_resnet();
  EXPECT_ERROR(network.forward(ns::Tensor({2, 12, 12, 1}), Mode::kEval), kInput, "[2, 12, 12, 3]");
  EXPECT_ERROR(network.forward(ns::Tensor({12, 12, 3}), Mode::kEval), kInput, "[12, 12, 3]");
  EXPECT_ERROR(network.backward(ns::Tensor({2, 4})), kInternal, "forward in training mode");
  network.forward(ns::Tensor({2, 12, 12, 3}), Mode::kEval);
  EXPECT_ERROR(network.backward(ns::Tensor({2, 4})), kInternal, "forward in training mode");
  network.forward(random_tensor({2, 12, 12, 3}, 1), Mode::kTrain);
  EXPECT_ERROR(network.backward(ns::Tensor({2, 5})), kInternal, "[2, 5]");
  EXPECT_ERROR(network.parameter("stem.conv.wieght"), kInput, "stem.conv.wieght");
  EXPECT_ERROR(network.buffer("stem.bn.mean"), kInput, "no buffer");
}

TEST_CASE(
    "convolutions start normal with variance 2 / fan-out, the classifier uniform within 1 / sqrt(inputs)") {
  ns::nn::Network network(ns::arch::build("resnet8", {32, 32, 3}, 10, 1.0), 1, 9);
  double squares = 0.0;
  const ns::Tensor& conv = network.parameter("stack3.conv2.weight").value;
  for (const float value : conv.values()) {
    squares += double{value} * value;
  }
  CHECK(squares / static_cast<double>(conv.size()) == doctest::Approx(2.0 / (64 * 9)).epsilon(0.03));
  float largest = 0.0f;
  for (const float value : network.parameter("classifier.weight").value.values()) {
    largest = std::max(largest, std::abs(value));
  }
  CHECK(largest <= 0.125f);
  CHECK(largest > 0.12f);
  CHECK_FALSE(network.parameter("classifier.bias").decay);
  CHECK_FALSE(network.parameter("stem.bn.weight").decay);
  CHECK(network.parameter("stem.conv.weight").decay);
}
