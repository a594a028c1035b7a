#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "expect_error.h"
#include "ns/arch/registry.h"

namespace {

using ns::nn::Graph;
using ns::nn::ImageShape;
using ns::nn::Op;

double million_macs(const Graph& graph) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    total += graph.macs(i);
  }
  return static_cast<double>(total) * 1e-6;
}

double million_macs(const std::string& name, ImageShape input, int classes, double width = 1) {
  return million_macs(ns::arch::build(name, input, classes, width));
}

ImageShape shape_of(const Graph& graph, const std::string& layer) {
  return graph.infer_shapes()[static_cast<std::size_t>(graph.index_of(layer))];
}

constexpr ImageShape kCifar{32, 32, 3};

}  // namespace

TEST_CASE("the MLPerf Tiny networks have their published multiply-accumulates") {
  // Banbury et al., 2021
  CHECK(million_macs("resnet8", kCifar, 10) == doctest::Approx(12.50).epsilon(0.001));
  CHECK(million_macs("resnet8_strided", kCifar, 10) ==
        doctest::Approx(million_macs("resnet8", kCifar, 10) / 4).epsilon(0.001));
  CHECK(million_macs("ds_cnn", {49, 10, 1}, 12) == doctest::Approx(2.657).epsilon(0.001));
  CHECK(million_macs("mobilenet_v1", {96, 96, 3}, 2, 0.25) == doctest::Approx(7.49).epsilon(0.001));
  CHECK(million_macs("autoencoder", {1, 1, 640}, 1) == doctest::Approx(0.264).epsilon(0.001));
}

TEST_CASE("the networks for large images have their published multiply-accumulates") {
  CHECK(million_macs("mobilenet_v1", {224, 224, 3}, 1000) == doctest::Approx(569).epsilon(0.001));  // table 4
  CHECK(million_macs("mobilenet_v1", {224, 224, 3}, 1000, 0.5) == doctest::Approx(149).epsilon(0.005));
  CHECK(million_macs("mobilenet_v2", {224, 224, 3}, 1000) == doctest::Approx(300).epsilon(0.005));  // table 4
}

TEST_CASE("the CIFAR networks have the multiply-accumulates of their layer lists") {
  CHECK(million_macs("resnet20", kCifar, 10) == doctest::Approx(40.55 + 0.26).epsilon(0.001));  // option B
  CHECK(million_macs("vgg_small", kCifar, 10) == doctest::Approx(607.6).epsilon(0.001));
  CHECK(million_macs("resnet9", kCifar, 10) == doctest::Approx(1.8 + 5 * 75.5).epsilon(0.001));
  CHECK(million_macs("nin", kCifar, 10) == doctest::Approx(217.0).epsilon(0.001));
}

TEST_CASE("names are in alphabetical order and each is the name of its graph") {
  const std::vector<std::string> names = ns::arch::names();
  CHECK(std::is_sorted(names.begin(), names.end()));
  for (const std::string& name : names) {
    CHECK(ns::arch::build(name, kCifar, 10, 0.25).name == name);
  }
}

TEST_CASE("every architecture takes images of 32, 40 and 96 pixels at several widths") {
  for (const std::string& name : ns::arch::names()) {
    for (const double width : {0.1, 0.5, 1.5}) {
      for (const int extent : {32, 40, 96}) {
        CAPTURE(name);
        CAPTURE(extent);
        const Graph graph = ns::arch::build(name, {extent, extent, 3}, 7, width);
        const int outputs = name == "autoencoder" ? extent * extent * 3 : 7;
        CHECK(graph.infer_shapes().back() == ImageShape{1, 1, outputs});
      }
    }
  }
}

TEST_CASE("every convolution and hidden linear layer is followed by its own batch-norm") {
  for (const std::string& name : ns::arch::names()) {
    const Graph graph = ns::arch::build(name, kCifar, 10, 0.25);
    std::set<std::string> normalised;
    for (const ns::nn::Layer& layer : graph.layers) {
      if (layer.op == Op::kBatchNorm) normalised.insert(layer.inputs[0]);
    }
    for (std::size_t i = 0; i + 1 < graph.layers.size(); ++i) {
      if (graph.macs(i) > 0) {
        CAPTURE(name);
        CAPTURE(graph.layers[i].name);
        CHECK(normalised.count(graph.layers[i].name) == 1);
      }
    }
    CHECK(graph.layers.back().op == Op::kLinear);
  }
}

TEST_CASE("MobileNets halve large images in their first convolution and small ones not") {
  for (const char* name : {"mobilenet_v1", "mobilenet_v2"}) {
    CHECK(shape_of(ns::arch::build(name, {96, 96, 3}, 2, 0.25), "stem.conv") == ImageShape{48, 48, 8});
    CHECK(shape_of(ns::arch::build(name, {48, 48, 3}, 2, 0.25), "stem.conv") == ImageShape{48, 48, 8});
  }
}

TEST_CASE("the keyword network pads as TensorFlow does, the odd row at the end") {
  const Graph graph = ns::arch::build("ds_cnn", {49, 10, 1}, 12, 1);
  const ns::nn::Padding padding = graph.layers[0].padding;
  CHECK(padding.top == 4);
  CHECK(padding.bottom == 5);
  CHECK(padding.left == 1);
  CHECK(padding.right == 1);
  CHECK(shape_of(graph, "stem.conv") == ImageShape{25, 5, 64});
}

TEST_CASE("widths round channels to multiples of 4") {
  CHECK(shape_of(ns::arch::build("resnet8", kCifar, 10, 0.3), "stem.conv").c == 4);
  CHECK(shape_of(ns::arch::build("resnet8", kCifar, 10, 0.4), "stem.conv").c == 8);
  CHECK(shape_of(ns::arch::build("vgg_small", kCifar, 10, 0.01), "stage3.second.conv").c == 4);
}

TEST_CASE("impossible requests name what is wrong") {
  EXPECT_ERROR(ns::arch::build("resnet80", kCifar, 10, 1), kUsage, "resnet80");
  EXPECT_ERROR(ns::arch::build("resnet8", kCifar, 0, 1), kUsage, "at least one class");
  EXPECT_ERROR(ns::arch::build("resnet8", kCifar, 10, 0), kUsage, "width");
  EXPECT_ERROR(ns::arch::build("resnet9", {7, 7, 3}, 10, 1), kInput, "layer3.pool");
}
