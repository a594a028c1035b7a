// What rounding weights to 8 bits does to a layer's outputs on average, and the biases that make up for it.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "ns/base/json.h"
#include "ns/base/rng.h"
#include "ns/nested/allocation.h"
#include "ns/quant/quantise.h"
#include "ns/quant/quantise_weights.h"

using namespace ns;
using namespace ns::quant;

namespace {

constexpr double kScale = 1.0 / 64;  // of the images' integers
constexpr int kImages = 16;

nested::Model model_of(const std::string& layer, int subnets) {
  nested::Model model(nn::graph_from_json(parse_json(R"({"schema":"nestkit.graph/1","name":"g",)"
                                                     R"("input":{"h":7,"w":6,"c":4},"layers":[)" +
                                                         layer + "]}",
                                                     "test"),
                                          "test"),
                      subnets, 3);
  if (subnets > 1) {
    const std::vector<double> sparsities{0.3, 0.6};
    model.set_levels(nested::magnitude_levels(
        model.network(), nested::uniform_allocation(model.network().graph(), {}, sparsities), 2, 1.0));
  }
  return model;
}

/// Whole numbers times kScale, whose mean differs from channel to channel and is not zero.
Tensor images() {
  Rng rng(9);
  Tensor x({kImages, 7, 6, 4});
  for (std::int64_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>((20.0 * static_cast<double>(i % 4) + static_cast<double>(rng.below(100)) - 40) *
                              kScale);
  return x;
}

/// Of channel `c` of the images, in whole numbers, over all that tap (ky, kx) of the operator meets.
double mean_input(const QuantisedOperator& op, const QuantisedTensor& out, const Tensor& x, int c, int ky,
                  int kx) {
  const std::int64_t h = x.shape()[1], w = x.shape()[2], channels = x.shape()[3];
  double sum = 0;
  for (std::int64_t pixel = 0; pixel < kImages * out.h * out.w; ++pixel) {
    const std::int64_t n = pixel / (out.h * out.w);
    const std::int64_t row = pixel / out.w % out.h * op.stride[0] + ky - op.pad_top;
    const std::int64_t column = pixel % out.w * op.stride[1] + kx - op.pad_left;
    if (row >= 0 && row < h && column >= 0 && column < w)
      sum += std::round(static_cast<double>(x[((n * h + row) * w + column) * channels + c]) / kScale);
  }
  return sum / (kImages * out.h * out.w);
}

/// Mean of every channel of the float network's output over images and pixels.
std::vector<double> wanted_means(nested::Model& model, int subnet, const Tensor& x) {
  model.select(subnet);
  const Tensor& y = model.network().forward(x, nn::Mode::kEval);
  std::vector<double> means(static_cast<std::size_t>(y.shape().back()));
  for (std::int64_t i = 0; i < y.size(); ++i)
    means[static_cast<std::size_t>(i) % means.size()] += static_cast<double>(y[i]);
  for (double& mean : means) mean *= static_cast<double>(means.size()) / static_cast<double>(y.size());
  return means;
}

/// The same of what the first operator's integers stand for before they are rounded to outputs.
std::vector<double> packed_means(const QuantisedNetwork& network, int subnet, const Tensor& x) {
  const QuantisedOperator& op = network.operators[0];
  const QuantisedTensor &in = network.tensors[0], &out = network.tensors[1];
  const auto k = static_cast<std::size_t>(subnet - 1);
  const auto& table = std::get<RowTable>(op.tables[k]);
  const std::array<int, 2> kernel = op.kind == OperatorKind::kLinear ? std::array{in.h, in.w} : op.kernel;
  const std::size_t taps = static_cast<std::size_t>(kernel[0] * kernel[1]);
  const LevelledWeights& w = op.weights;
  std::vector<double> means;
  for (std::size_t row = 0; row < static_cast<std::size_t>(out.c); ++row) {
    double acc = table.bias[row];
    for (std::size_t i = 0; i < w.shape.row(); ++i) {
      const std::size_t c = i / taps, tap = i % taps;
      const int level =
          w.level[row * w.shape.positions(w.block) + c / static_cast<std::size_t>(w.block) * taps + tap];
      if (level == 0 || level > subnet) continue;
      const std::size_t channel = op.kind == OperatorKind::kDepthwiseConv ? row : c;
      acc += w.values[row * w.shape.row() + i] * mean_input(op, out, x, static_cast<int>(channel),
                                                            static_cast<int>(tap) / kernel[1],
                                                            static_cast<int>(tap) % kernel[1]);
    }
    means.push_back(acc * table.multiplier[row] / 4294967296.0 * network.tensor_scales[k][1]);
  }
  return means;
}

}  // namespace

TEST_CASE("what rounding loses on average is the sum of every weight's loss times its mean input") {
  Tensor values({2, 4});
  const std::vector<float> numbers{127.0f, 0.5f, 3.25f, 2.0f, 254.0f, 1.0f, 0.0f, 3.0f};
  std::copy(numbers.begin(), numbers.end(), values.data());
  const nested::LevelMap map(nested::BlockGrid({2, 4}, 2), 2, {1, 2, 1, 0});
  const QuantisedWeights q = quantise_weights("fc", values, {2, 4, 1, 1}, &map, 2);
  // Rounded to even in steps of 1 and 2: 0.5 is lost of the first row, 0.25 more in subnet 2; 1 of the
  // second.
  const std::vector<double> shared{10, 2, 8, 5}, by_row{10, 2, 8, 5, 10, 4, 8, 5};
  const auto lost = [&](int subnet, const std::vector<double>& inputs) {
    return mean_rounding_errors(values, q.weights, q.scales, subnet, inputs);
  };
  CHECK(lost(1, shared) == std::vector{1.0, 2.0});
  CHECK(lost(2, shared) == std::vector{3.0, 2.0});
  CHECK(lost(2, by_row) == std::vector{3.0, 4.0});
}

TEST_CASE("a part of a concatenation has the statistics of the whole") {
  std::string layers;
  for (const std::string name : {"a", "b", "c", "d"})
    layers += R"({"name":")" + name + R"(","op":"conv","filters":4,"kernel":1,"inputs":["input"]},)";
  nested::Model model = model_of(
      layers +
          R"({"name":"m","op":"concat","inputs":["a","b","c","d"]},{"name":"o","op":"linear","units":3})",
      1);
  const LoweredGraph lowered = lower(model.network().graph());
  const std::vector<TensorStatistics> statistics = calibrate(model, lowered, 1, images());
  for (const std::size_t part : {5U, 6U, 7U}) {
    CHECK(statistics[part].mean == statistics[7].mean);
    CHECK(statistics[part].mean.size() == 7 * 6 * 16);
  }
  CHECK(quantise(model, images(), {kScale, 0}).operators.size() == 8);
}

TEST_CASE("the mean of every output channel survives the rounding of weights, in every subnet") {
  struct Case {
    const char* layer;
    int subnets;
  };
  const Case cases[] = {
      {R"({"name":"l","op":"conv","filters":5,"kernel":3,"stride":2,"padding":1,"bias":true})", 1},
      {R"({"name":"l","op":"conv","filters":6,"kernel":[1,3],"padding":0})", 2},
      {R"({"name":"l","op":"depthwise_conv","kernel":3,"stride":1,"padding":1})", 1},
      {R"({"name":"l","op":"linear","units":3})", 1},
  };
  const Tensor x = images();
  for (const Case& c : cases) {
    CAPTURE(c.layer);
    nested::Model model = model_of(c.layer, c.subnets);
    const QuantisedNetwork quantised = quantise(model, x, {kScale, 0});
    for (int subnet = 1; subnet <= c.subnets; ++subnet) {
      const std::vector<double> wanted = wanted_means(model, subnet, x),
                                found = packed_means(quantised, subnet, x);
      double largest = 0;
      for (std::size_t row = 0; row < wanted.size(); ++row)
        largest = std::max(largest, std::fabs(found[row] - wanted[row]));
      const double step = quantised.tensor_scales[static_cast<std::size_t>(subnet - 1)][1];
      CHECK(largest < 0.02 * step);
    }
  }
}
