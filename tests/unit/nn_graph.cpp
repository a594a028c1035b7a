#include "ns/nn/graph.h"

#include <doctest/doctest.h>

#include "expect_error.h"
#include "ns/arch/registry.h"
#include "ns/base/json.h"

namespace {

ns::nn::Graph parse_graph(const std::string& layers, const std::string& input = R"({"h":8,"w":8,"c":3})") {
  return ns::nn::graph_from_json(ns::parse_json(
      R"({"schema":"nestkit.graph/1","name":"g","input":)" + input + R"(,"layers":[)" + layers + "]}",
      "test"));
}

std::string hint_of(const std::string& layers) {
  try {
    parse_graph(layers);
  } catch (const ns::Error& error) {
    return error.hint();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a layer reads the previous one unless it says otherwise, and numbers stand for both axes") {
  const ns::nn::Graph graph = parse_graph(R"({"name":"a","op":"conv","filters":4,"kernel":3,"padding":[0,1]},
                                       {"name":"b","op":"max_pool","kernel":[2,1],"stride":2},
                                       {"name":"c","op":"linear","units":5})");
  CHECK(graph.layers[0].inputs == std::vector<std::string>{"input"});
  CHECK(graph.layers[1].inputs == std::vector<std::string>{"a"});
  CHECK(graph.layers[0].kernel == std::array{3, 3});
  CHECK_FALSE(graph.layers[0].bias);
  CHECK(graph.layers[2].bias);
  const std::vector<ns::nn::ImageShape> shapes = graph.infer_shapes();
  CHECK(shapes[0] == ns::nn::ImageShape{6, 8, 4});
  CHECK(shapes[1] == ns::nn::ImageShape{3, 4, 4});
  CHECK(shapes[2] == ns::nn::ImageShape{1, 1, 5});
  CHECK(graph.macs(0) == 6 * 8 * 4 * 3 * 9);
  CHECK(graph.macs(1) == 0);
  CHECK(graph.macs(2) == 3 * 4 * 4 * 5);
  CHECK(graph.index_of("b") == 1);
  CHECK(graph.index_of("input") == -1);
  EXPECT_ERROR(graph.index_of("d"), kInput, "'d'");
}

TEST_CASE("\"same\" padding is TensorFlow's: the odd pixel comes after, and follows branches") {
  const ns::nn::Graph graph =
      parse_graph(R"({"name":"a","op":"conv","filters":4,"kernel":3,"stride":2,"padding":"same"},
               {"name":"b","op":"depthwise_conv","kernel":2,"padding":"same"},
               {"name":"c","op":"conv","inputs":["a"],"filters":4,"kernel":5,"padding":"same"},
               {"name":"d","op":"add","inputs":["b","c"]})");
  const auto check = [](const ns::nn::Padding& p, std::array<int, 4> expected) {
    CHECK(std::array{p.top, p.left, p.bottom, p.right} == expected);
  };
  check(graph.layers[0].padding, {0, 0, 1, 1});
  check(graph.layers[1].padding, {0, 0, 1, 1});
  check(graph.layers[2].padding, {2, 2, 2, 2});
  CHECK(graph.infer_shapes()[3] == ns::nn::ImageShape{4, 4, 4});
}

TEST_CASE("a graph survives the way through JSON") {
  const ns::nn::Graph built = ns::arch::build("resnet8", {32, 32, 3}, 10, 1.0);
  const ns::Json json = ns::nn::to_json(built);
  const ns::nn::Graph read = ns::nn::graph_from_json(json);
  CHECK(ns::nn::to_json(read) == json);
  CHECK(read.infer_shapes() == built.infer_shapes());
  const ns::nn::Graph every_operator = parse_graph(
      R"({"name":"a","op":"conv","filters":4,"kernel":[3,2],"stride":[1,2],"padding":[0,1,2,0],"bias":true},
               {"name":"b","op":"batch_norm"},{"name":"c","op":"relu"},
               {"name":"d","op":"depthwise_conv","kernel":3,"padding":1},
               {"name":"e","op":"add","inputs":["d","c"]},
               {"name":"f","op":"max_pool","kernel":2},{"name":"g","op":"avg_pool","kernel":2},
               {"name":"h","op":"global_avg_pool"},{"name":"i","op":"linear","units":2,"bias":false})");
  const ns::Json text = ns::nn::to_json(every_operator);
  CHECK(ns::nn::to_json(ns::nn::graph_from_json(text)) == text);
  CHECK(text["layers"][0]["padding"] == ns::Json({0, 1, 2, 0}));
  CHECK(text["layers"][0]["bias"] == true);
  CHECK(text["layers"][4]["inputs"] == ns::Json({"d", "c"}));
}

TEST_CASE("an impossible graph names the two layers that do not fit") {
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"conv","filters":4,"kernel":3},
                        {"name":"b","op":"conv","filters":4,"kernel":1},
                        {"name":"c","op":"add","inputs":["a","input"]})"),
               kInput, "'c' cannot add 'a' (6x6x4) and 'input' (8x8x3)");
  EXPECT_ERROR(
      parse_graph(
          R"({"name":"pool","op":"global_avg_pool"},{"name":"late","op":"conv","filters":4,"kernel":3})"),
      kInput, "'late' has a 3x3 kernel, which does not fit the padded 1x1x3 output of 'pool'");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"relu"},{"name":"b","op":"relu","inputs":["input"]})"), kInput,
               "nobody reads layer 'a', and it is not the last ('b')");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"relu","inputs":["b"]},{"name":"b","op":"relu"})"), kInput,
               "'a' reads 'b', which does not come before it");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"relu","inputs":["a"]})"), kInput, "does not come before it");
}

TEST_CASE("an output may have readers or none, and what else nobody reads is refused") {
  const std::string layers = R"("layers":[{"name":"a","op":"conv","filters":4,"kernel":1},
      {"name":"b","op":"relu"},{"name":"c","op":"conv","inputs":["a"],"filters":2,"kernel":1}])";
  const auto outputs = [&](const std::string& list) {
    return ns::nn::graph_from_json(
        ns::parse_json(R"({"schema":"nestkit.graph/1","name":"g","input":{"h":8,"w":8,"c":3},)" + layers +
                           R"(,"outputs":)" + list + "}",
                       "test"));
  };
  const ns::nn::Graph graph = outputs(R"(["c","a","b"])");
  CHECK(graph.output_layers() == std::vector<std::size_t>{2, 0, 1});
  CHECK(ns::nn::graph_from_json(ns::nn::to_json(graph)).outputs == graph.outputs);
  EXPECT_ERROR(outputs(R"(["c"])"), kInput, "nobody reads layer 'b', and \"outputs\" does not list it");
  EXPECT_ERROR(outputs(R"(["c","d"])"), kInput, "\"outputs\" lists 'd', and no layer is called so");
  EXPECT_ERROR(outputs(R"(["c","b","c"])"), kInput, "\"outputs\" lists 'c' twice");
}

TEST_CASE("a detection head fits the layers that it names") {
  const auto with_head = [](const std::string& outputs, const std::string& head) {
    return ns::nn::graph_from_json(ns::parse_json(
        R"({"schema":"nestkit.graph/1","name":"g","input":{"h":8,"w":8,"c":3},"layers":[
           {"name":"s","op":"conv","filters":6,"kernel":1},
           {"name":"b","op":"conv","filters":8,"kernel":1,"inputs":["input"]},
           {"name":"half","op":"conv","filters":8,"kernel":1,"stride":2,"inputs":["s"]}],
           "outputs":)" +
            outputs + R"(,"detection":)" + head + "}",
        "test"));
  };
  const std::string all = R"(["s","b","half"])";
  const auto scale = [](const std::string& boxes, const std::string& sizes) {
    return R"({"classes":2,"scales":[{"scores":"s","boxes":")" + boxes + R"(","sizes":)" + sizes + "}]}";
  };
  EXPECT_ERROR(with_head(all, scale("b", "[[0.5,0.5],[0.25,1]]")), kInput,
               "\"outputs\" must be the layers of the scales");
  EXPECT_ERROR(with_head(all, scale("b", "[[0.5,0.5]]")), kInput,
               "layer 's' has 6 channels, expected 1 default boxes x 3 = 3");
  EXPECT_ERROR(with_head(all, scale("half", "[[0.5,0.5],[1,1]]")), kInput,
               "'s' and 'half' are not of equal height");
  EXPECT_ERROR(with_head(all, scale("b", "[[0.5,0],[1,1]]")), kInput, "a default box of 0.5 x 0");
  EXPECT_ERROR(with_head(all, scale("b", "[[0.5],[1,1]]")), kInput, "expected [w, h]");
  EXPECT_ERROR(with_head(all, scale("b", "[]")), kInput, "has no sizes");
  EXPECT_ERROR(with_head(all, R"({"classes":2,"scales":[]})"), kInput, "at least one scale");
  EXPECT_ERROR(with_head(all, R"({"classes":0,"scales":[]})"), kInput, "at least one class");
  EXPECT_ERROR(with_head(all, R"({"classes":255,"scales":[]})"), kInput, "expected 1 to 254 classes");

  const ns::Json json = ns::parse_json(
      R"({"schema":"nestkit.graph/1","name":"g","input":{"h":8,"w":8,"c":3},"layers":[
         {"name":"s","op":"conv","filters":6,"kernel":1},
         {"name":"b","op":"conv","filters":8,"kernel":1,"inputs":["input"]}],
         "outputs":["s","b"],
         "detection":{"classes":2,"scales":[{"scores":"s","boxes":"b","sizes":[[0.5,0.25],[1,1]]}]}})",
      "test");
  const ns::nn::Graph graph = ns::nn::graph_from_json(json);
  CHECK(graph.detection.classes == 2);
  CHECK(graph.detection.scales[0].sizes == std::vector<std::array<float, 2>>{{0.5f, 0.25f}, {1, 1}});
  CHECK(ns::nn::to_json(graph)["detection"] == json["detection"]);
}

TEST_CASE("names must be there, be unique and be known") {
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"relu"},{"name":"a","op":"relu"})"), kInput,
               "two layers are called 'a'");
  EXPECT_ERROR(parse_graph(R"({"name":"input","op":"relu"})"), kInput, "two layers are called 'input'");
  EXPECT_ERROR(parse_graph(R"({"name":"","op":"relu"})"), kInput, "layer number 0 has no name");
  EXPECT_ERROR(parse_graph(R"({"name":"a@1","op":"relu"})"), kInput, "layer 'a@1': '@' in a name");
  EXPECT_ERROR(parse_graph(R"({"op":"relu"})"), kInput, "name");
  EXPECT_ERROR(parse_graph(R"({"name":"stem","op":"relu"},{"name":"b","op":"relu","inputs":["stm"]})"),
               kInput, "no layer is called so");
  CHECK(hint_of(R"({"name":"stem","op":"relu"},{"name":"b","op":"relu","inputs":["stm"]})").find("stem") !=
        std::string::npos);
}

TEST_CASE("an unknown key or operator is refused with the nearest one") {
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"conv","filter":4,"filters":4,"kernel":3})"), kInput,
               "filter");
  CHECK(hint_of(R"({"name":"a","op":"conv","filters":4,"kernal":3,"kernel":3})").find("kernel") !=
        std::string::npos);
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"conf","filters":4,"kernel":3})"), kInput,
               "unknown operator \"conf\"");
  CHECK(hint_of(R"({"name":"a","op":"conf","filters":4,"kernel":3})").find("conv") != std::string::npos);
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"relu","kernel":3})"), kInput, "kernel");
}

TEST_CASE("values out of range or of the wrong type are refused") {
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"conv","filters":0,"kernel":3})"), kInput,
               "at least one filter");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"linear","units":0})"), kInput, "at least one unit");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"max_pool","kernel":2,"stride":0})"), kInput,
               "must be positive");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"max_pool","kernel":2,"stride":0,"padding":"same"})"), kInput,
               "must be positive");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"max_pool","kernel":2,"padding":-1})"), kInput,
               "must not be negative");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"max_pool","kernel":2,"padding":2})"), kInput,
               "smaller than the kernel");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"max_pool","kernel":2,"padding":[1,2,3]})"), kInput,
               "[1,2,3]");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"max_pool","kernel":2,"padding":"valid"})"), kInput, "valid");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"max_pool","kernel":[1,2,3]})"), kInput, "found 3");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"conv","filters":"4","kernel":3})"), kInput, "filters");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"add","inputs":["input"]})"), kInput,
               "needs 2 inputs, found 1");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"relu","inputs":["input","input"]})"), kInput,
               "needs 1 input, found 2");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"relu"})", R"({"h":0,"w":8,"c":3})"), kInput,
               "0x8x3 is empty");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"relu"})", R"({"h":8,"w":70000,"c":3})"), kInput,
               "the input 8x70000x3 is too large");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"conv","filters":2147483647,"kernel":3})"), kInput,
               "'a': its output 6x6x2147483647 is too large");
  EXPECT_ERROR(parse_graph(R"({"name":"a","op":"max_pool","kernel":2147483647,"padding":2147483646})"),
               kInput, "'a': its kernel is too large");
  EXPECT_ERROR(parse_graph(""), kInput, "has no layers");
  EXPECT_ERROR(ns::nn::graph_from_json(ns::Json{{"schema", "nestkit.graph/2"}}), kInput, "nestkit.graph/2");
}

TEST_CASE("resnet8 has the shapes and the cost of MLPerf Tiny's") {
  const ns::nn::Graph graph = ns::arch::build("resnet8", {32, 32, 3}, 10, 1.0);
  const std::vector<ns::nn::ImageShape> shapes = graph.infer_shapes();
  std::int64_t macs = 0;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    macs += graph.macs(i);
  }
  CHECK(macs == 12501632);
  CHECK(shapes[static_cast<std::size_t>(graph.index_of("stack2.shortcut.bn"))] ==
        ns::nn::ImageShape{16, 16, 32});
  CHECK(shapes[static_cast<std::size_t>(graph.index_of("stack3.relu2"))] == ns::nn::ImageShape{8, 8, 64});
  CHECK(graph.layers.back().name == "classifier");
}

TEST_CASE("architectures scale with width and refuse what they cannot build") {
  CHECK(ns::arch::build("resnet8", {28, 28, 1}, 10, 0.3).layers[0].filters == 4);
  CHECK(ns::arch::build("resnet8", {28, 28, 1}, 10, 0.75).layers[0].filters == 12);
  EXPECT_ERROR(ns::arch::build("resnet7", {28, 28, 1}, 10, 1.0), kUsage, "unknown architecture 'resnet7'");
  EXPECT_ERROR(ns::arch::build("resnet8", {28, 28, 1}, 0, 1.0), kUsage, "at least one class");
  EXPECT_ERROR(ns::arch::build("resnet8", {28, 28, 1}, 10, 0.0), kUsage, "width");
  EXPECT_ERROR(ns::arch::build("resnet8", {0, 28, 1}, 10, 1.0), kInput, "empty");
}
