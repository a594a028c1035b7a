#include "ns/nested/widths.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "ns/arch/registry.h"
#include "ns/base/json.h"
#include "ns/nested/width_slice.h"
#include "ns/quant/quantise.h"

using namespace ns;

namespace {

const std::vector<double> kWidths{1.0, 0.5, 0.25};

nn::Graph resnet() {
  return arch::build("resnet8", {8, 8, 3}, 10, 1.0);
}

Tensor images(std::int64_t count) {
  Tensor x({count, 8, 8, 3});
  for (std::int64_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(i * 37 % 101) / 50.0f - 1.0f;
  }
  return x;
}

// Batch-norm banks that differ and are not the identity.
nested::Model slimmable() {
  nested::Model model(resnet(), 3, 7);
  model.set_levels(nested::width_levels(model.network().graph(), kWidths));
  const Tensor x = images(6);
  for (int subnet = 1; subnet <= 3; ++subnet) {
    model.select(subnet);
    model.network().forward(x, nn::Mode::kTrain);
  }
  return model;
}

}  // namespace

TEST_CASE("a width of an architecture is the architecture at that width") {
  for (const char* name : {"resnet8", "resnet20", "mobilenet_v1", "vgg_small", "nin"}) {
    for (const double width : {0.75, 0.5, 0.25}) {
      CAPTURE(name);
      CAPTURE(width);
      const ImageShape input{32, 32, 3};
      const nn::Graph narrow = nested::at_width(arch::build(name, input, 10, 1.0), width);
      CHECK(nn::to_json(narrow)["layers"] == nn::to_json(arch::build(name, input, 10, width))["layers"]);
      CHECK(narrow.name == std::string(name) + " x" + canonical_dump(width));
    }
  }
}

TEST_CASE("channels that an addition ties to the input or the output keep their number") {
  const Json json =
      parse_json(R"({"schema":"nestkit.graph/1","name":"g","input":{"h":4,"w":4,"c":8},"layers":[
      {"name":"tied","op":"conv","filters":8,"kernel":3,"padding":1},
      {"name":"sum","op":"add","inputs":["tied","input"]},
      {"name":"free","op":"conv","filters":16,"kernel":1},
      {"name":"dw","op":"depthwise_conv","kernel":3,"padding":1},
      {"name":"pool","op":"max_pool","kernel":2,"stride":2},
      {"name":"out","op":"linear","units":8}]})",
                 "g");
  const nn::Graph narrow = nested::at_width(nn::graph_from_json(json), 0.5);
  CHECK(narrow.layers[0].filters == 8);
  CHECK(narrow.layers[2].filters == 8);
  CHECK(narrow.layers[5].filters == 8);
  const nested::LevelMaps maps = nested::width_levels(nn::graph_from_json(json), std::vector{1.0, 0.5});
  CHECK(maps.size() == 3);
  CHECK(maps.count("tied.weight") == 0);
  const nested::LevelMap& out = maps.at("out.weight");  // [8, 16·2·2], channels first
  CHECK(out.levels()[31] == 1);
  CHECK(out.levels()[32] == 2);
  CHECK(out.kept_weights(1) == 8 * 32);
  CHECK(maps.at("dw.weight").kept_weights(1) == 8 * 9);

  nn::Graph two_outputs = nn::graph_from_json(json);
  two_outputs.outputs = {"out", "dw"};
  CHECK(nested::at_width(two_outputs, 0.5).layers[2].filters == 16);
}

TEST_CASE("widths must fall from 1 and make different networks") {
  EXPECT_ERROR(nested::check_widths(std::vector{1.0}), kUsage, "widths: expected 2 to 8, found 1");
  EXPECT_ERROR(nested::check_widths(std::vector{0.9, 0.5}), kUsage, "the first must be 1, found 0.9");
  EXPECT_ERROR(nested::check_widths(std::vector{1.0, 1.0}), kUsage, "1.0 follows 1.0");
  EXPECT_ERROR(nested::check_widths(std::vector{1.0, 0.0}), kUsage, "0.0 follows 1.0");
  EXPECT_ERROR(nested::width_levels(resnet(), std::vector{1.0, 0.05, 0.01}), kUsage,
               "widths 0.05 and 0.01 of resnet8 are the same network");
}

TEST_CASE("a slice computes what the masked network computes, forward and backward") {
  nested::Model model = slimmable();
  const Tensor x = images(5);
  for (int subnet = 1; subnet <= 3; ++subnet) {
    CAPTURE(subnet);
    nested::WidthSlice slice(model, kWidths, subnet);
    model.select(subnet);
    const Tensor masked = model.network().forward(x, nn::Mode::kEval);
    const Tensor alone = slice.dense().network().forward(x, nn::Mode::kEval);
    for (std::int64_t i = 0; i < masked.size(); ++i) {
      CHECK(alone[i] == doctest::Approx(masked[i]).epsilon(1e-3));
    }

    nn::Network& network = model.network();
    Tensor output_grad(network.forward(x, nn::Mode::kTrain).shape());
    for (std::int64_t i = 0; i < output_grad.size(); ++i) {
      output_grad[i] = static_cast<float>(i % 7) - 3.0f;
    }
    network.backward(output_grad);
    std::vector<Tensor> expected;
    for (const nn::Parameter& parameter : network.parameters()) {
      expected.push_back(parameter.grad);
      const auto map = model.levels().find(parameter.name);
      if (map != model.levels().end()) {
        const Tensor mask = map->second.mask(subnet);
        for (std::int64_t i = 0; i < mask.size(); ++i) {
          expected.back()[i] *= mask[i];
        }
      }
    }
    slice.dense().network().forward(x, nn::Mode::kTrain);
    slice.dense().network().backward(output_grad);
    slice.store();
    const std::vector<int> banks = nested::banks_of_parameters(network);
    for (std::size_t p = 0; p < expected.size(); ++p) {
      if (banks[p] >= 0 && banks[p] != subnet - 1) {
        continue;
      }
      const Tensor& found = network.parameters()[p].grad;
      CAPTURE(network.parameters()[p].name);
      double difference = 0, size = 0;
      for (std::int64_t i = 0; i < found.size(); ++i) {
        difference = std::max(difference, std::abs(double{found[i]} - double{expected[p][i]}));
        size = std::max(size, std::abs(double{expected[p][i]}));
      }
      CHECK(difference <= 1e-3 * size + 1e-5);
    }
  }
}

TEST_CASE("the integers of a narrow width are the first ones of every row of the widest") {
  nested::Model model = slimmable();
  const Tensor x = images(8);
  std::vector<quant::QuantisedNetwork> networks;
  for (int subnet = 1; subnet <= 3; ++subnet) {
    nested::WidthSlice slice(model, kWidths, subnet);
    networks.push_back(quant::quantise(slice.dense(), x, {1.0 / 64, 0}, {}, &model));
  }
  for (std::size_t i = 0; i < networks[0].operators.size(); ++i) {
    const quant::LevelledWeights& whole = networks[2].operators[i].weights;
    for (std::size_t k = 0; k < 2; ++k) {
      const quant::LevelledWeights& part = networks[k].operators[i].weights;
      const std::size_t row = part.shape.row();
      std::size_t different = 0;
      for (std::size_t j = 0; j < part.values.size(); ++j) {
        different += part.values[j] != whole.values[j / row * whole.shape.row() + j % row];
      }
      CHECK(different == 0);
    }
  }
  CHECK(networks[0].operators[2].weights.shape.co == 4);
  CHECK(networks[2].operators[2].weights.shape.co == 16);
}
