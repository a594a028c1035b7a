// Forward and backward of every layer against a double-precision reference and its central differences.
#include <doctest/doctest.h>

#include "expect_error.h"
#include "nn_reference.h"
#include "ns/arch/registry.h"
#include "ns/base/json.h"
#include "ns/base/rng.h"
#include "ns/nested/gates.h"

namespace {

using nn_reference::random_tensor;
using nn_reference::Values;
using nn_reference::worst;
using ns::nn::Mode;

ns::nn::Graph graph_of(const std::string& h_w_c, const std::string& layers) {
  return ns::nn::graph_from_json(ns::parse_json(
      R"({"schema":"nestkit.graph/1","name":"g","input":)" + h_w_c + R"(,"layers":[)" + layers + "]}",
      "test"));
}

/// <outputs of the graph, cotangents>, from the values of all layers.
double dot(const ns::nn::Graph& graph, const std::vector<Values>& layers,
           const std::vector<ns::Tensor>& cotangents) {
  double sum = 0.0;
  for (std::size_t output = 0; output < cotangents.size(); ++output) {
    const Values& values = layers[graph.output_layers()[output]];
    for (std::size_t i = 0; i < values.size(); ++i) {
      sum += values[i] * cotangents[output].data()[i];
    }
  }
  return sum;
}

/// d <reference outputs, cotangents> / d parameter by central differences against `found`: of every element,
/// or of some hundred spread over a large parameter.
double worst_gradient(const ns::nn::Network& network, const ns::nn::Parameter& parameter, const Values& x,
                      int n, const std::vector<ns::Tensor>& cotangents, int bank, std::size_t samples) {
  auto arrays = nn_reference::arrays_of(network);
  nn_reference::Reference reference(network.graph(), arrays, true, bank);
  constexpr double kStep = 1e-6;
  Values& values = arrays.at(parameter.name);
  Values expected;
  std::vector<float> found;
  for (std::size_t i = 0; i < values.size(); i += 1 + values.size() / samples) {
    const double value = values[i];
    values[i] = value + kStep;
    const double above = dot(network.graph(), reference.forward(x, n), cotangents);
    values[i] = value - kStep;
    const double below = dot(network.graph(), reference.forward(x, n), cotangents);
    values[i] = value;
    expected.push_back((above - below) / (2.0 * kStep));
    found.push_back(parameter.grad.data()[i]);
  }
  return worst(expected, found);
}

void check(const ns::nn::Graph& graph, int n, std::uint64_t seed, int banks = 1, int bank = 0,
           std::size_t samples = 101) {
  CAPTURE(seed);
  ns::Rng rng(seed);
  ns::nn::Network network(graph, banks, seed);
  for (auto& parameter : network.parameters()) {  // away from γ = 1, β = 0, bias = 0
    if (!parameter.decay) {
      for (float& value : parameter.value.values()) {
        value += 0.5f * rng.normal();
      }
    }
  }
  network.select_bank(bank);
  const ns::Tensor x = random_tensor({n, graph.input.h, graph.input.w, graph.input.c}, rng);
  const Values x_double = nn_reference::to_double(x);
  auto arrays = nn_reference::arrays_of(network);

  for (const bool train : {false, true}) {
    CAPTURE(train);
    nn_reference::Reference reference(graph, arrays, train, bank);
    const std::vector<Values> expected = reference.forward(x_double, n);
    network.keep_activations(true);
    network.forward(x, train ? Mode::kTrain : Mode::kEval);
    for (std::size_t i = 0; i < graph.layers.size(); ++i) {
      CAPTURE(graph.layers[i].name);
      CHECK(worst(expected[i], network.activation(i).values()) < 1e-5);
    }
  }
  network.keep_activations(false);
  network.forward(x, Mode::kTrain);
  std::vector<ns::Tensor> cotangents;
  for (std::size_t i = 0; i < graph.output_layers().size(); ++i) {
    cotangents.push_back(random_tensor(network.output(i).shape(), rng));
  }
  network.backward(cotangents);
  for (const auto& parameter : network.parameters()) {
    const bool other_bank =
        (parameter.name.find('@') != std::string::npos) != (bank > 0) && !parameter.decay && banks > 1;
    if (other_bank) {
      continue;
    }
    CAPTURE(parameter.name);
    CHECK(worst_gradient(network, parameter, x_double, n, cotangents, bank, samples) < 2e-4);
  }
}

/// Small multiples of a power of two: bfloat16 holds them and their sums here exactly.
ns::Tensor multiples(const ns::Shape& shape, float step, ns::Rng& rng) {
  ns::Tensor tensor(shape);
  for (float& value : tensor.values()) {
    value = step * static_cast<float>(static_cast<int>(rng.below(9)) - 4);
  }
  return tensor;
}

/// The layer under test reads a small convolution, whose weights see the data gradient.
void check_layer(const std::string& layer, const std::string& h_w_c = R"({"h":7,"w":5,"c":3})") {
  CAPTURE(layer);
  check(graph_of(h_w_c, R"({"name":"first","op":"conv","filters":5,"kernel":1,"bias":true},)" + layer), 3,
        11);
}

}  // namespace

TEST_CASE("a convolution and its gradients agree with the reference") {
  check_layer(R"({"name":"l","op":"conv","filters":6,"kernel":3,"padding":1})");
  check_layer(R"({"name":"l","op":"conv","filters":16,"kernel":3,"padding":1,"bias":true})");
  check_layer(R"({"name":"l","op":"conv","filters":7,"kernel":1,"stride":2})");
  check_layer(R"({"name":"l","op":"conv","filters":4,"kernel":3,"stride":2,"padding":"same"})");
  check_layer(R"({"name":"l","op":"conv","filters":4,"kernel":[2,3],"stride":[1,2],"padding":[0,2,1,0]})");
  check_layer(R"({"name":"l","op":"conv","filters":1,"kernel":5,"padding":2})", R"({"h":1,"w":1,"c":1})");
}

TEST_CASE("a convolution with full vector widths agrees with the reference") {
  check(graph_of(R"({"h":6,"w":6,"c":16})",
                 R"({"name":"a","op":"conv","filters":16,"kernel":3,"padding":1},
                    {"name":"b","op":"conv","filters":32,"kernel":3,"padding":1,"stride":2})"),
        2, 5);
}

TEST_CASE("convolutions of many channels, computed by Winograd's algorithm, agree with the reference") {
  const auto many = [](const std::string& channels, const std::string& filters, const std::string& padding) {
    return graph_of(R"({"h":9,"w":10,"c":2})", R"({"name":"first","op":"conv","filters":)" + channels +
                                                   R"(,"kernel":1},{"name":"l","op":"conv","filters":)" +
                                                   filters + R"(,"kernel":3,"padding":)" + padding + "}");
  };
  check(many("32", "33", "1"), 2, 7, 1, 0, 5);
  check(many("40", "32", "[1,0,1,2]"), 1, 8, 1, 0, 5);
  check(many("128", "130", "1"), 1, 9, 1, 0, 3);  // the weight gradient too
}

TEST_CASE("bfloat16 is exact where it holds the numbers, near where it rounds, and for training only") {
  using ns::nn::Precision;
  const ns::nn::Graph graph = graph_of(R"({"h":6,"w":5,"c":3})",
                                       R"({"name":"first","op":"conv","filters":20,"kernel":1},
         {"name":"wide","op":"conv","filters":33,"kernel":3,"padding":[1,0,1,2],"bias":true},
         {"name":"strided","op":"conv","filters":8,"kernel":1,"stride":2},
         {"name":"deep","op":"depthwise_conv","kernel":3,"padding":1},
         {"name":"last","op":"conv","filters":4,"kernel":3}, {"name":"scores","op":"linear","units":3})");
  ns::nn::Network network(graph, 1, 3);
  if (!ns::nn::has_bfloat16()) {
    EXPECT_ERROR(network.multiply_in(Precision::kBfloat16), kEnvironment, "no bfloat16 arithmetic");
    return;
  }
  ns::Rng rng(3);
  const auto gradients = [&](const ns::Tensor& x, const ns::Tensor& cotangent, Precision precision) {
    network.multiply_in(precision);
    std::vector<Values> found{nn_reference::to_double(network.forward(x, Mode::kTrain))};
    network.backward(cotangent);
    for (const auto& parameter : network.parameters()) {
      found.push_back(nn_reference::to_double(parameter.grad));
    }
    return found;
  };
  const auto difference = [&](const std::vector<Values>& a, const std::vector<Values>& b) {
    double worst_of_all = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      worst_of_all = std::max(worst_of_all, worst(a[i], std::vector<float>(b[i].begin(), b[i].end())));
    }
    return worst_of_all;
  };
  const ns::Tensor x = random_tensor({2, 6, 5, 3}, rng), cotangent = random_tensor({2, 3}, rng);
  const auto exact = gradients(x, cotangent, Precision::kFloat32);
  const auto rounded = gradients(x, cotangent, Precision::kBfloat16);
  CHECK(difference(exact, rounded) > 1e-5);
  CHECK(difference(exact, rounded) < 2e-2);
  const Values evaluated = nn_reference::to_double(network.forward(x, Mode::kEval));
  network.multiply_in(Precision::kFloat32);
  CHECK(nn_reference::to_double(network.forward(x, Mode::kEval)) == evaluated);

  for (auto& parameter : network.parameters()) {  // sparse ones: sums stay within 8 bits
    parameter.value.fill(0.0f);
    for (std::int64_t i = static_cast<std::int64_t>(rng.below(3)); i < parameter.value.size(); i += 11) {
      parameter.value[i] = i % 2 == 0 ? 1.0f : -1.0f;
    }
  }
  const ns::Tensor few = multiples({2, 6, 5, 3}, 0.5f, rng), back = multiples({2, 3}, 0.25f, rng);
  CHECK(gradients(few, back, Precision::kFloat32) == gradients(few, back, Precision::kBfloat16));
}

TEST_CASE("a depthwise convolution and its gradients agree with the reference") {
  check_layer(R"({"name":"l","op":"depthwise_conv","kernel":3,"padding":1})");
  check_layer(R"({"name":"l","op":"depthwise_conv","kernel":3,"padding":1,"bias":true})");
  check_layer(R"({"name":"l","op":"depthwise_conv","kernel":3,"stride":2,"padding":"same"})");
  check_layer(R"({"name":"l","op":"depthwise_conv","kernel":[3,2],"stride":[2,1],"padding":[0,1,2,0]})");
  check(graph_of(R"({"h":8,"w":8,"c":3})",
                 R"({"name":"first","op":"conv","filters":32,"kernel":1},
                    {"name":"l","op":"depthwise_conv","kernel":3,"padding":1},
                    {"name":"m","op":"depthwise_conv","kernel":3,"padding":[0,0,1,1],"stride":2})"),
        2, 6);
}

TEST_CASE("convolutions of random shapes and their gradients agree with the reference") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    ns::Rng rng(seed);
    const auto number = [&](int low, int high) {
      return low + static_cast<int>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
    };
    ns::nn::Graph graph;
    graph.name = "random";
    graph.input = {number(3, 12), number(3, 12), number(1, 4)};
    const bool depthwise = number(0, 3) == 0;
    const int kh = number(1, 3), kw = number(0, 1) == 0 ? kh : number(1, 3);
    graph.layers = {{.name = "first", .op = ns::nn::Op::kConv, .inputs = {"input"}, .filters = number(1, 40)},
                    {.name = "second",
                     .op = depthwise ? ns::nn::Op::kDepthwiseConv : ns::nn::Op::kConv,
                     .inputs = {"first"},
                     .filters = number(1, 40),
                     .kernel = {kh, kw},
                     .stride = {number(1, 2), number(1, 2)},
                     .padding = {number(0, kh - 1), number(0, kw - 1), number(0, kh - 1), number(0, kw - 1)},
                     .bias = number(0, 1) == 1}};
    check(graph, number(1, 4), seed, 1, 0, 13);
  }
}

TEST_CASE("a linear layer flattens in c, h, w order and its gradients agree with the reference") {
  check_layer(R"({"name":"l","op":"linear","units":4})");
  check_layer(R"({"name":"l","op":"linear","units":4,"bias":false})", R"({"h":1,"w":1,"c":3})");
}

TEST_CASE("batch-norm and its gradients agree with the reference, alone and with its ReLU") {
  check_layer(R"({"name":"l","op":"batch_norm"})");
  check_layer(R"({"name":"l","op":"batch_norm"},{"name":"r","op":"relu"})");
  check(graph_of(R"({"h":20,"w":31,"c":3})",
                 R"({"name":"a","op":"conv","filters":17,"kernel":1},{"name":"l","op":"batch_norm"},
                    {"name":"r","op":"relu"})"),
        5, 7);
}

TEST_CASE("a ReLU that does not follow a batch-norm agrees with the reference") {
  check_layer(R"({"name":"l","op":"relu"})");
}

TEST_CASE("a batch-norm whose output has a second reader is not hidden in its ReLU") {
  check_layer(
      R"({"name":"l","op":"batch_norm"},{"name":"r","op":"relu"},{"name":"s","op":"add","inputs":["r","l"]})");
}

TEST_CASE("pools and their gradients agree with the reference") {
  for (const std::string op : {"max_pool", "avg_pool"}) {
    check_layer(R"({"name":"l","kernel":2,"stride":2,"op":")" + op + "\"}");
    check_layer(R"({"name":"l","kernel":3,"stride":2,"padding":1,"op":")" + op + "\"}");
    check_layer(R"({"name":"l","kernel":[3,2],"stride":[1,2],"padding":[0,1,2,0],"op":")" + op + "\"}");
  }
  check_layer(R"({"name":"l","op":"global_avg_pool"})");
}

TEST_CASE("sums and their gradients agree with the reference") {
  check_layer(R"({"name":"l","op":"add","inputs":["first","first"]})");
  check_layer(R"({"name":"c","op":"conv","filters":5,"kernel":3,"padding":1},
                 {"name":"l","op":"add","inputs":["c","first"]})");
  check_layer(R"({"name":"b","op":"batch_norm"},{"name":"l","op":"add","inputs":["b","first"]},
                 {"name":"r","op":"relu"})");
  check_layer(R"({"name":"b","op":"batch_norm"},{"name":"l","op":"add","inputs":["first","b"]},
                 {"name":"r","op":"relu"},{"name":"s","op":"add","inputs":["r","first"]})");
}

TEST_CASE("scaled channels, all or the most salient, and their gradients agree with the reference") {
  const std::string saliency = R"({"name":"p","op":"global_avg_pool"},{"name":"s","op":"linear","units":5},)";
  check_layer(saliency + R"({"name":"l","op":"scale","inputs":["first","s"]})");
  check_layer(saliency + R"({"name":"l","op":"scale","inputs":["first","s"],"keep":[0.4]})");
  check_layer(saliency + R"({"name":"r","op":"relu"},{"name":"b","op":"batch_norm","inputs":["first"]},
                            {"name":"l","op":"scale","inputs":["b","r"],"keep":[0.6]})");
  const ns::nn::Graph graph = ns::arch::build("resnet8", {8, 8, 2}, 3, 0.25);
  const ns::nn::Graph gated = ns::nested::with_gates(graph, {{0.75, 0.25}, {"first_conv"}});
  check(gated, 2, 22, 2, 0, 31);
  check(gated, 2, 22, 2, 1, 31);
}

TEST_CASE("the penalty on factors adds the sign of each, shared out over the batch") {
  const auto gradient = [](const std::string& penalty) {
    ns::nn::Network network(graph_of(R"({"h":1,"w":1,"c":4})",
                                     R"({"name":"s","op":"linear","units":4},{"name":"r","op":"relu"},
                                        {"name":"l","op":"scale","inputs":["input","r"],"keep":[0.5],"penalty":)" +
                                         penalty + "}"),
                            1, 3);
    network.parameter("s.bias").value.fill(0.4f);
    ns::Rng rng(4);
    const ns::Tensor& y = network.forward(random_tensor({2, 1, 1, 4}, rng), Mode::kTrain);
    network.backward(random_tensor(y.shape(), rng));
    return network.parameter("s.bias").grad;
  };
  const ns::Tensor with = gradient("0.5"), without = gradient("0");
  for (int c = 0; c < 4; ++c) {
    // Each of the two images adds 0.5 / 2 where its saliency is positive.
    const double added = (with.data()[c] - without.data()[c]) / 0.25;
    CHECK(std::abs(added - std::round(added)) < 1e-5);
    CHECK(added > -0.5);
    CHECK(added < 2.5);
  }
  double all = 0;
  for (int c = 0; c < 4; ++c) all += (with.data()[c] - without.data()[c]) / 0.25;
  CHECK(all > 0.5);
}

TEST_CASE("a small residual network and its gradients agree with the reference") {
  const ns::nn::Graph graph = ns::arch::build("resnet8", {8, 8, 2}, 3, 0.25);
  check(graph, 3, 21);
}

TEST_CASE("the gradients of several outputs add up, and an output is not hidden in its ReLU") {
  ns::nn::Graph graph = graph_of(R"({"h":6,"w":5,"c":2})",
                                 R"({"name":"stem","op":"conv","filters":5,"kernel":3,"padding":1},
                                    {"name":"fine","op":"batch_norm"},{"name":"relu","op":"relu"},
                                    {"name":"coarse","op":"conv","filters":3,"kernel":3,"stride":2},
                                    {"name":"scores","op":"linear","units":4}
                                    )");
  graph.outputs = {"scores", "fine", "coarse"};
  check(graph, 3, 51);
  graph.outputs = {"relu", "fine", "scores"};
  check(graph, 2, 52);
}

TEST_CASE("every batch-norm bank has its own parameters and gradients") {
  const ns::nn::Graph graph = graph_of(R"({"h":5,"w":4,"c":2})",
                                       R"({"name":"a","op":"conv","filters":3,"kernel":1},
                                          {"name":"l","op":"batch_norm"},{"name":"r","op":"relu"})");
  check(graph, 3, 31, 2, 0);
  check(graph, 3, 31, 2, 1);
}
