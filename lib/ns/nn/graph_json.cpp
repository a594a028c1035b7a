// The JSON form of a graph, schema nestkit.graph/1.
#include <algorithm>

#include "ns/base/json.h"
#include "ns/base/nearest.h"
#include "ns/nn/graph.h"
#include "ns/nn/shape_inference.h"

namespace ns::nn {
namespace {

constexpr const char* kSchema = "nestkit.graph/1";

/// What an operator is called and which keys it takes besides name, op and inputs.
struct OpForm {
  Op op;
  const char* name;
  const char* filters;  ///< key of the output channels, or nullptr
  bool window;          ///< kernel, stride, padding
  bool bias, default_bias;
};
constexpr OpForm kForms[] = {
    {Op::kConv, "conv", "filters", true, true, false},
    {Op::kDepthwiseConv, "depthwise_conv", nullptr, true, true, false},
    {Op::kLinear, "linear", "units", false, true, true},
    {Op::kBatchNorm, "batch_norm", nullptr, false, false, false},
    {Op::kRelu, "relu", nullptr, false, false, false},
    {Op::kMaxPool, "max_pool", nullptr, true, false, false},
    {Op::kAvgPool, "avg_pool", nullptr, true, false, false},
    {Op::kGlobalAvgPool, "global_avg_pool", nullptr, false, false, false},
    {Op::kAdd, "add", nullptr, false, false, false},
    {Op::kConcat, "concat", nullptr, false, false, false},
    {Op::kSign, "sign", nullptr, false, false, false},
    {Op::kBinaryConv, "binary_conv", "filters", true, false, false},
    {Op::kScale, "scale", nullptr, false, false, false},
};

const OpForm& form_of(Op op) {
  for (const OpForm& form : kForms) {
    if (form.op == op) {
      return form;
    }
  }
  throw internal_error("unknown operator");
}

const OpForm& form_of(const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const OpForm& form : kForms) {
    if (name == form.name) {
      return form;
    }
    names.emplace_back(form.name);
  }
  throw input_error(where + ": unknown operator \"" + name + "\"", nearest_hint(name, names));
}

constexpr std::array<const char*, 2> kEstimators{"clipped", "polynomial"};

Estimator read_estimator(const std::string& name, const std::string& where) {
  const std::vector<std::string> names(kEstimators.begin(), kEstimators.end());
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw input_error(where + ": unknown estimator \"" + name + "\"", nearest_hint(name, names));
  }
  return static_cast<Estimator>(found - names.begin());
}

/// A number for both axes, or [vertical, horizontal].
std::array<int, 2> read_pair(const Json& value, const std::string& where) {
  if (!value.is_array()) {
    const int both = json_as<int>(value, where);
    return {both, both};
  }
  const auto pair = json_as<std::vector<int>>(value, where);
  if (pair.size() != 2) {
    throw input_error(where + ": expected a number or two, found " + std::to_string(pair.size()));
  }
  return {pair[0], pair[1]};
}

Padding read_padding(const Json& value, const std::string& where) {
  if (value.is_array() && value.size() == 4) {
    const auto p = json_as<std::vector<int>>(value, where);
    return {p[0], p[1], p[2], p[3]};
  }
  if (value.is_string() || (value.is_array() && value.size() != 2)) {
    throw input_error(where + ": expected p, [ph, pw], [top, left, bottom, right] or \"same\", found " +
                      value.dump());
  }
  const auto [ph, pw] = read_pair(value, where);
  return {ph, pw, ph, pw};
}

/// TensorFlow's "same": ceil(in / stride) outputs, the odd pixel of padding after.
void pad_same(int in, int kernel, int stride, int& before, int& after) {
  const int outputs = (in + stride - 1) / stride;
  const int total = std::max((outputs - 1) * stride + kernel - in, 0);
  before = total / 2;
  after = total - before;
}

struct ParsedLayer {
  Layer layer;
  bool same = false;  ///< padding to be worked out from the input's shape
};

ParsedLayer read_layer(const Json& json, const std::string& where, const std::string& previous) {
  ParsedLayer parsed;
  Layer& layer = parsed.layer;
  Fields fields(json, where);
  layer.name = fields.get<std::string>("name");
  const OpForm& form = form_of(fields.get<std::string>("op"), fields.place("op"));
  layer.op = form.op;
  layer.inputs = fields.get<std::vector<std::string>>("inputs", {previous});
  if (form.filters != nullptr) {
    layer.filters = fields.get<int>(form.filters);
  }
  if (form.window) {
    layer.kernel = read_pair(fields.get<Json>("kernel"), fields.place("kernel"));
    layer.stride = read_pair(fields.get<Json>("stride", Json(1)), fields.place("stride"));
    const Json padding = fields.get<Json>("padding", Json(0));
    parsed.same = padding == "same";
    if (!parsed.same) {
      layer.padding = read_padding(padding, fields.place("padding"));
    }
  }
  if (form.bias) {
    layer.bias = fields.get<bool>("bias", form.default_bias);
  }
  if (form.op == Op::kSign) {
    layer.bits = fields.get<int>("bits", 1);
    layer.estimator =
        read_estimator(fields.get<std::string>("estimator", kEstimators[0]), fields.place("estimator"));
    layer.shift = fields.get<bool>("shift", false);
  }
  if (form.op == Op::kBinaryConv) {
    layer.scaling = fields.get<bool>("scaling", true);
  }
  if (layer.op == Op::kScale) {
    layer.keep = fields.get<std::vector<double>>("keep", std::vector<double>{});
    layer.penalty = fields.get<double>("penalty", 0.0);
  }
  fields.finish();
  return parsed;
}

Json pair_json(const std::array<int, 2>& pair) {
  return pair[0] == pair[1] ? Json(pair[0]) : Json{pair[0], pair[1]};
}

Json padding_json(const Padding& p) {
  if (p.top == p.bottom && p.left == p.right) {
    return pair_json({p.top, p.left});
  }
  return {p.top, p.left, p.bottom, p.right};
}

Graph read_graph(const Json& json) {
  Graph graph;
  Fields fields(json, "graph");
  if (const auto schema = fields.get<std::string>("schema"); schema != kSchema) {
    throw input_error(fields.place("schema") + ": expected \"" + kSchema + "\", found \"" + schema + "\"");
  }
  graph.name = fields.get<std::string>("name");
  const Json input_json = fields.get<Json>("input");
  Fields input(input_json, fields.place("input"));
  graph.input = {input.get<int>("h"), input.get<int>("w"), input.get<int>("c")};
  input.finish();
  const auto layers = fields.get<std::vector<Json>>("layers");
  graph.outputs = fields.get<std::vector<std::string>>("outputs", {});
  if (const Json* head = fields.find("detection"); head != nullptr) {
    graph.detection = detection_head_from_json(*head, fields.place("detection"));
    if (!graph.detection.present()) {
      throw input_error(fields.place("detection") + ": needs at least one class");
    }
  }
  fields.finish();

  std::vector<bool> same;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string where = "graph '" + graph.name + "': layer " + std::to_string(i);
    ParsedLayer parsed = read_layer(layers[i], where, i == 0 ? "input" : graph.layers.back().name);
    graph.layers.push_back(std::move(parsed.layer));
    same.push_back(parsed.same);
  }
  ShapeInference inference(graph);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Layer& layer = graph.layers[i];
    if (same[i] && layer.inputs.size() == 1 && layer.stride[0] > 0 && layer.stride[1] > 0) {
      const ImageShape in = inference.input_shape(layer, 0);
      pad_same(in.h, layer.kernel[0], layer.stride[0], layer.padding.top, layer.padding.bottom);
      pad_same(in.w, layer.kernel[1], layer.stride[1], layer.padding.left, layer.padding.right);
    }
    inference.add(layer);
  }
  inference.finish();
  return graph;
}

}  // namespace

Graph graph_from_json(const Json& json, const std::string& origin) {
  try {
    return read_graph(json);
  } catch (const Error& error) {
    if (origin.empty()) throw;
    throw Error(error.kind(), origin + ": " + error.what(), error.hint());
  }
}

Json to_json(const Graph& graph) {
  Json layers = Json::array();
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    const OpForm& form = form_of(layer.op);
    Json json{{"name", layer.name}, {"op", form.name}};
    if (layer.inputs != std::vector<std::string>{i == 0 ? "input" : graph.layers[i - 1].name}) {
      json["inputs"] = layer.inputs;
    }
    if (form.filters != nullptr) {
      json[form.filters] = layer.filters;
    }
    if (form.window) {
      json["kernel"] = pair_json(layer.kernel);
      json["stride"] = pair_json(layer.stride);
      json["padding"] = padding_json(layer.padding);
    }
    if (form.bias) {
      json["bias"] = layer.bias;
    }
    if (layer.op == Op::kSign) {
      json["bits"] = layer.bits;
      json["estimator"] = kEstimators[static_cast<std::size_t>(layer.estimator)];
      json["shift"] = layer.shift;
    }
    if (layer.op == Op::kBinaryConv) {
      json["scaling"] = layer.scaling;
    }
    if (layer.op == Op::kScale) {
      json["keep"] = layer.keep;
      json["penalty"] = layer.penalty;
    }
    layers.push_back(std::move(json));
  }
  Json json{{"schema", kSchema},
            {"name", graph.name},
            {"input", {{"h", graph.input.h}, {"w", graph.input.w}, {"c", graph.input.c}}},
            {"layers", std::move(layers)}};
  if (!graph.outputs.empty()) {
    json["outputs"] = graph.outputs;
  }
  if (graph.detection.present()) {
    json["detection"] = to_json(graph.detection);
  }
  return json;
}

}  // namespace ns::nn
