// Sign layers, binary convolutions and concatenations: forward against the double-precision reference, the
// gradients against what docs/format/graph.md defines, and, relaxed, against central differences.
#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "expect_error.h"
#include "nn_reference.h"
#include "ns/base/json.h"
#include "ns/base/rng.h"
#include "ns/nn/binary_weights.h"
#include "ns/nn/optimizer.h"
#include "ns/nn/sign_levels.h"

namespace {

using nn_reference::random_tensor;
using nn_reference::Values;
using nn_reference::worst;
using ns::nn::Mode;
using ns::nn::Relaxation;

ns::nn::Graph parse(const std::string& layers, int h = 5, int w = 6, int c = 3) {
  const ns::Json layer_list = ns::parse_json("[" + layers + "]", "test");
  return ns::nn::graph_from_json(ns::Json{{"schema", "nestkit.graph/1"},
                                          {"name", "g"},
                                          {"input", {{"h", h}, {"w", w}, {"c", c}}},
                                          {"layers", layer_list}});
}

double dot(const Values& a, const ns::Tensor& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * double(b[std::int64_t(i)]);
  return sum;
}

void check_forward(const ns::nn::Graph& graph, Relaxation relaxation = {}) {
  ns::Rng rng(3);
  ns::nn::Network network(graph, 1, 4);
  for (auto& parameter : network.parameters())
    if (parameter.name.ends_with(".shift")) parameter.value = random_tensor(parameter.value.shape(), rng);
  const ns::Tensor x = random_tensor({3, graph.input.h, graph.input.w, graph.input.c}, rng);
  auto arrays = nn_reference::arrays_of(network);
  nn_reference::Reference reference(graph, arrays, true, 0, relaxation);
  const std::vector<Values> expected = reference.forward(nn_reference::to_double(x), 3);
  network.keep_activations(true);
  network.relax(relaxation);
  network.forward(x, Mode::kTrain);
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    CAPTURE(graph.layers[i].name);
    CHECK(worst(expected[i], network.activation(i).values()) < 1e-5);
  }
}

/// Every parameter's gradient against central differences; only where the network has a derivative.
void check_gradients(const ns::nn::Graph& graph, Relaxation relaxation) {
  ns::Rng rng(8);
  ns::nn::Network network(graph, 1, 9);
  const ns::Tensor x = random_tensor({2, graph.input.h, graph.input.w, graph.input.c}, rng);
  network.relax(relaxation);
  const ns::Tensor cotangent = random_tensor(network.forward(x, Mode::kTrain).shape(), rng);
  network.backward(cotangent);
  auto arrays = nn_reference::arrays_of(network);
  nn_reference::Reference reference(graph, arrays, true, 0, relaxation);
  const Values x_double = nn_reference::to_double(x);
  for (const auto& parameter : network.parameters()) {
    CAPTURE(parameter.name);
    Values expected;
    for (double& value : arrays.at(parameter.name)) {
      const double here = value;
      value = here + 1e-6;
      const double above = dot(reference.forward(x_double, 2).back(), cotangent);
      value = here - 1e-6;
      expected.push_back((above - dot(reference.forward(x_double, 2).back(), cotangent)) / 2e-6);
      value = here;
    }
    CHECK(worst(expected, parameter.grad.values()) < 2e-4);
  }
}

std::string binary_net(const std::string& sign_keys, const std::string& conv_keys) {
  return R"({"name":"first","op":"conv","filters":6,"kernel":1},{"name":"sign","op":"sign")" + sign_keys +
         R"(},{"name":"l","op":"binary_conv","filters":7)" + conv_keys + "}";
}

const std::vector<std::string> kBinaryConvs{R"(,"kernel":1)",
                                            R"(,"kernel":3,"padding":1)",
                                            R"(,"kernel":3,"padding":1,"scaling":false)",
                                            R"(,"kernel":5,"padding":2,"stride":2)",
                                            R"(,"kernel":1,"stride":2)",
                                            R"(,"kernel":[2,3],"padding":[0,2,1,0])"};

}  // namespace

TEST_CASE("a sign layer of b bits has 2^b values from -1 to 1 and keeps each of them") {
  for (const int bits : {1, 2, 3}) {
    CAPTURE(bits);
    const auto steps = static_cast<float>(ns::nn::sign_steps(bits));
    const auto level = [&](float x) { return bits == 1 ? ns::nn::sign_of(x) : ns::nn::sign_level(x, steps); };
    std::set<float> values;
    for (int i = -3000; i <= 3000; ++i) {
      const float x = static_cast<float>(i) / 1000.0f, y = level(x);
      values.insert(y);
      CHECK(level(y) == y);
      CHECK(ns::nn::sign_level(x, steps) == y);  // the formula for many steps holds for one
    }
    CHECK(values.size() == std::size_t(1) << bits);
    CHECK(*values.begin() == -1.0f);
    CHECK(*values.rbegin() == 1.0f);
  }
  CHECK(ns::nn::sign_of(0.0f) == 1.0f);
  CHECK(ns::nn::sign_of(-0.0f) == 1.0f);
}

TEST_CASE("sign layers, binary convolutions and concatenations agree with the reference") {
  for (const std::string& conv : kBinaryConvs) {
    CAPTURE(conv);
    check_forward(parse(binary_net("", conv)));
  }
  check_forward(parse(binary_net(R"(,"bits":2,"shift":true)", R"(,"kernel":3,"padding":1)")));
  check_forward(parse(binary_net(R"(,"bits":3)", R"(,"kernel":3,"padding":1)")));
  check_forward(parse(R"({"name":"first","op":"conv","filters":4,"kernel":1},{"name":"sign","op":"sign"},
                         {"name":"pool","op":"max_pool","kernel":3,"stride":2,"padding":1},
                         {"name":"a","op":"binary_conv","filters":3,"kernel":1},
                         {"name":"b","op":"binary_conv","filters":2,"kernel":3,"padding":1,"inputs":["pool"]},
                         {"name":"all","op":"concat","inputs":["b","a","b","pool"]})"));
}

TEST_CASE("a relaxed binary network and its gradients agree with the reference") {
  const Relaxation both{true, true};
  for (const std::string& conv : kBinaryConvs) {
    CAPTURE(conv);
    const ns::nn::Graph graph = parse(binary_net(R"(,"shift":true,"estimator":"polynomial")", conv));
    check_forward(graph, both);
    check_forward(graph, {true, false});
    check_forward(graph, {false, true});
    check_gradients(graph, both);
  }
}

TEST_CASE("a concatenation hands every input its part of the gradient") {
  check_gradients(parse(R"({"name":"a","op":"conv","filters":3,"kernel":1,"bias":true},
                           {"name":"b","op":"conv","filters":2,"kernel":3,"padding":1,"inputs":["input"]},
                           {"name":"all","op":"concat","inputs":["b","a","input","b"]},
                           {"name":"out","op":"linear","units":3})"),
                  {});
  check_gradients(
      parse(R"({"name":"a","op":"linear","units":3},{"name":"b","op":"global_avg_pool","inputs":["input"]},
                           {"name":"all","op":"concat","inputs":["a","b"]},{"name":"out","op":"linear","units":2})"),
      {});
}

TEST_CASE("the slopes that stand for a step's derivative") {
  CHECK(ns::nn::clipped_slope(0.99f) == 1.0f);
  CHECK(ns::nn::clipped_slope(-1.0f) == 0.0f);
  for (const int bits : {1, 2, 3}) {
    const auto steps = static_cast<float>(ns::nn::sign_steps(bits));
    double area = 0;
    for (int i = -1999; i < 2000; i += 2)
      area += double(ns::nn::polynomial_slope(float(i) / 2000, steps)) / 1000;
    CHECK(area == doctest::Approx(2.0).epsilon(1e-3));  // what the steps rise by, -1 to 1
    for (int q = 1; q <= int(steps); ++q)
      CHECK(ns::nn::polynomial_slope((2.0f * float(q) - 1 - steps) / steps, steps) ==
            doctest::Approx(2.0f).epsilon(1e-5));
  }
  for (const float x : {-1.5f, -0.7f, -0.2f, 0.0f, 0.3f, 0.9f, 1.1f})
    CHECK(ns::nn::polynomial_slope(x, 1.0f) == doctest::Approx(std::max(0.0f, 2 - 2 * std::abs(x))));
}

TEST_CASE("a shift learns the sum over its channel of the gradient times the slope") {
  for (const std::string estimator : {"clipped", "polynomial"}) {
    const ns::nn::Graph graph =
        parse(R"({"name":"s","op":"sign","bits":2,"shift":true,"estimator":")" + estimator + "\"}");
    ns::Rng rng(2);
    ns::nn::Network network(graph, 1, 1);
    network.parameters()[0].value = random_tensor({3}, rng);
    const ns::Tensor x = random_tensor({4, 5, 6, 3}, rng), dy = random_tensor({4, 5, 6, 3}, rng);
    network.forward(x, Mode::kTrain);
    network.backward(dy);
    Values expected(3);
    for (std::int64_t i = 0; i < x.size(); ++i) {
      const float at = x[i] + network.parameters()[0].value[i % 3];
      expected[std::size_t(i % 3)] += double(
          dy[i] * (estimator == "clipped" ? ns::nn::clipped_slope(at) : ns::nn::polynomial_slope(at, 3)));
    }
    CHECK(worst(expected, network.parameters()[0].grad.values()) < 1e-5);
  }
}

TEST_CASE("latent weights learn by the documented rule, padding of -1 included") {
  for (const bool scaling : {true, false}) {
    CAPTURE(scaling);
    const ns::nn::Graph graph = parse(R"({"name":"s","op":"sign"},
        {"name":"l","op":"binary_conv","filters":2,"kernel":3,"padding":1,"scaling":)" +
                                      std::string(scaling ? "true}" : "false}"));
    ns::Rng rng(5);
    ns::nn::Network network(graph, 1, 6);
    ns::Tensor& latent = network.parameter("l.weight").value;
    for (float& value : latent.values()) value = 1.2f * rng.normal();  // some centred weights beyond 1
    const ns::Tensor x = random_tensor({2, 5, 6, 3}, rng);
    const ns::Tensor dy = random_tensor(network.forward(x, Mode::kTrain).shape(), rng);
    network.backward(dy);

    const ns::Tensor centred = ns::nn::centred_weights(latent);
    const ns::nn::BinaryWeights binary = ns::nn::binary_weights(latent, scaling);
    Values expected;
    for (int f = 0; f < 2; ++f) {
      Values effective;  // d loss / d effective weight
      double with_signs = 0;
      for (int k = 0; k < 27; ++k) {
        const int c = k / 9, ky = k / 3 % 3, kx = k % 3;
        double sum = 0;
        for (int n = 0; n < 2; ++n)
          for (int oy = 0; oy < 5; ++oy)
            for (int ox = 0; ox < 6; ++ox) {
              const int y = oy + ky - 1, column = ox + kx - 1;
              const bool inside = y >= 0 && y < 5 && column >= 0 && column < 6;
              const float v = inside ? ns::nn::sign_of(x[((n * 5 + y) * 6 + column) * 3 + c]) : -1.0f;
              sum += double(v * dy[((n * 5 + oy) * 6 + ox) * 2 + f]);
            }
        effective.push_back(sum);
        with_signs += sum * double(binary.signs[f * 27 + k]) / 27;
      }
      Values d;
      for (int k = 0; k < 27; ++k)
        d.push_back(double(binary.scale[std::size_t(f)]) * effective[std::size_t(k)] *
                        (std::abs(centred[f * 27 + k]) < 1 ? 1 : 0) +
                    (scaling ? double(binary.signs[f * 27 + k]) * with_signs : 0));
      for (std::size_t k = 0; k < 27; ++k)
        expected.push_back(d[k] - (d[k % 9] + d[k % 9 + 9] + d[k % 9 + 18]) / 3);
    }
    CHECK(worst(expected, network.parameter("l.weight").grad.values()) < 1e-5);
  }
}

TEST_CASE("optimizers keep latent weights within 1 and let nothing binary decay") {
  ns::nn::Network network(parse(binary_net(R"(,"shift":true)", R"(,"kernel":1)")), 1, 2);
  CHECK_FALSE(network.parameter("l.weight").decay);
  CHECK_FALSE(network.parameter("sign.shift").decay);
  for (auto& parameter : network.parameters()) parameter.grad.fill(-3.0f);
  ns::nn::Sgd sgd(network.parameters(), {});
  sgd.step(1.0);
  for (const float value : network.parameter("l.weight").value.values()) CHECK(value == 1.0f);
  CHECK(network.parameter("sign.shift").value[0] == 3.0f);
  for (auto& parameter : network.parameters()) parameter.grad.fill(3.0f);
  ns::nn::Adam adam(network.parameters(), {});
  adam.step(5.0);
  for (const float value : network.parameter("l.weight").value.values()) CHECK(value == -1.0f);
}

TEST_CASE("binary layers survive the way through JSON, and what cannot be binary is named") {
  const ns::nn::Graph graph = parse(binary_net(R"(,"bits":3,"estimator":"polynomial","shift":true)",
                                               R"(,"kernel":3,"padding":1,"scaling":false)"));
  CHECK(ns::nn::graph_from_json(to_json(graph)).layers == graph.layers);
  CHECK(graph.macs(2) == 5 * 6 * 7 * 9 * 6);
  EXPECT_ERROR(parse(R"({"name":"first","op":"conv","filters":4,"kernel":1},
                        {"name":"second","op":"binary_conv","filters":4,"kernel":1})"),
               kInput, "'second' cannot be binary: it reads 'first'");
  EXPECT_ERROR(parse(R"({"name":"second","op":"binary_conv","filters":4,"kernel":1})"), kInput,
               "cannot be binary");
  EXPECT_ERROR(
      parse(R"({"name":"s","op":"sign"},{"name":"b","op":"binary_conv","filters":4,"kernel":1})", 4, 4, 1),
      kInput, "one channel");
  EXPECT_ERROR(parse(R"({"name":"s","op":"sign","bits":4})"), kInput, "expected 1 to 3 bits, found 4");
  EXPECT_ERROR(parse(R"({"name":"s","op":"sign","estimator":"cliped"})"), kInput,
               "unknown estimator \"cliped\"");
  EXPECT_ERROR(parse(R"({"name":"s","op":"sign"},{"name":"c","op":"concat","inputs":["s"]})"), kInput,
               "two or more");
  EXPECT_ERROR(
      parse(R"({"name":"p","op":"max_pool","kernel":2},{"name":"c","op":"concat","inputs":["p","input"]})"),
      kInput, "cannot join 'p'");
}
