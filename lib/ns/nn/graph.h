// A network as data: layers that name their inputs. Read from JSON (schema nestkit.graph/1), by hand or from
// arch/.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ns/tensor/image_shape.h"

namespace ns::nn {

enum class Op {
  kConv,           // filters, kernel, stride, padding, [bias=false]
  kDepthwiseConv,  // kernel, stride, padding, [bias=false]   channel multiplier 1
  kLinear,         // units, [bias=true]; a spatial input is flattened in c,h,w order (PyTorch's)
  kBatchNorm,
  kRelu,
  kMaxPool,  // kernel, stride, padding
  kAvgPool,  // kernel, stride, padding (padding not counted in the mean)
  kGlobalAvgPool,
  kAdd,  // two inputs of equal shape
};

struct Padding {
  int top = 0, left = 0, bottom = 0, right = 0;
  bool operator==(const Padding&) const = default;
};

/// One layer. `inputs` name earlier layers or "input". Unused fields keep their defaults.
struct Layer {
  std::string name;
  Op op = Op::kConv;
  std::vector<std::string> inputs;
  int filters = 0;  ///< conv: output channels; linear: units
  std::array<int, 2> kernel{1, 1}, stride{1, 1};
  Padding padding;
  bool bias = false;
  bool operator==(const Layer&) const = default;
};

using ns::ImageShape;

/// A directed acyclic graph in topological order with one input and one output (the last layer).
struct Graph {
  std::string name;
  ImageShape input;
  std::vector<Layer> layers;

  /// Output shape of every layer, in order. Throws Error(kInput) naming the two layers that do not fit
  /// together, an unknown or later input, a duplicate name, or a layer nobody reads.
  std::vector<ImageShape> infer_shapes() const;
  /// Index of the layer called `name`; -1 for "input". Throws Error(kInput) if there is none.
  int index_of(const std::string& name) const;
  /// Multiply-accumulates of layer i for one image; 0 for layers without weights.
  std::int64_t macs(std::size_t layer) const;
};

/// JSON form:
/// {"schema":"nestkit.graph/1","name":…,"input":{"h","w","c"},"layers":[{"name","op","inputs"?,…}]}.
/// docs/format/graph.md. "inputs" defaults to the previous layer, "stride" to 1; "padding" is p, [ph,pw],
/// [top,left,bottom,right] or "same" (TensorFlow's). Unknown keys are errors that name the nearest key.
/// Errors begin with `origin`, the file it comes from.
Graph graph_from_json(const nlohmann::json& json, const std::string& origin = {});
nlohmann::json to_json(const Graph& graph);

}  // namespace ns::nn
