// A network as data: layers that name their inputs. Read from JSON (schema nestkit.graph/1), by hand or from
// arch/.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "ns/nn/detection_head.h"
#include "ns/tensor/image_shape.h"
#include "ns/tensor/tensor.h"

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
  kAdd,         // two inputs of equal shape
  kConcat,      // two or more inputs of equal height and width, their channels one after the other
  kSign,        // bits, estimator, shift
  kBinaryConv,  // filters, kernel, stride, padding (of value -1), scaling
  kScale,       // two inputs, the second 1x1 with a factor per channel; [keep], [penalty]
};

constexpr int kMaxSignBits = 3;

/// What stands for the derivative of a sign layer's steps (docs/format/graph.md).
enum class Estimator {
  kClipped,    ///< 1 inside (-1, 1), else 0 (Courbariaux et al., "Binarized neural networks", 2016)
  kPolynomial  ///< a hat of height 2 over every step (Liu et al., "Bi-Real Net", 2018, for one step)
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
  int bits = 1;  ///< sign: 1, 2 or 3
  Estimator estimator = Estimator::kClipped;
  bool shift = false;   ///< sign: a learnt shift of every channel before the step
  bool scaling = true;  ///< binary_conv: filters carry the mean magnitude of their latent weights
  /// scale: by bank, the share of the channels that are kept, those of the largest factors; the others become
  /// 0. Empty: all are kept.
  std::vector<double> keep;
  double penalty = 0;  ///< scale: L1 penalty on the factors' magnitude, mean over the batch, in training
  bool operator==(const Layer&) const = default;
};

/// How many of `channels` a scale layer keeps: the nearest whole number, at least one.
int kept_channels(double share, int channels);

using ns::ImageShape;

/// A directed acyclic graph in topological order with one input.
struct Graph {
  std::string name;
  ImageShape input;
  std::vector<Layer> layers;
  std::vector<std::string> outputs;  ///< layers whose values the network gives; empty: the last one
  DetectionHead detection;           ///< what the outputs mean, if the graph is a detector

  /// Output shape of every layer, in order. Throws Error(kInput) naming the two layers that do not fit
  /// together, an unknown or later input, a duplicate name, a layer nobody reads that is no output, or
  /// outputs that do not fit the detection head.
  std::vector<ImageShape> infer_shapes() const;
  /// Index of the layer called `name`; -1 for "input". Throws Error(kInput) if there is none.
  int index_of(const std::string& name) const;
  /// Indices of the layers that are outputs, at least one.
  std::vector<std::size_t> output_layers() const;
  /// Multiply-accumulates of layer i for one image; 0 for layers without weights.
  std::int64_t macs(std::size_t layer) const;
  /// Of layer i's weights, as weight_shape has it, where its input is one of `shapes`, those inferred.
  Shape weight_shape(std::size_t layer, const std::vector<ImageShape>& shapes) const;
};

/// [filters, input channels, height, width] of a convolution, where depthwise has one input channel;
/// [units, inputs] of a linear layer; empty for layers without weights. `in` is the layer's input.
Shape weight_shape(const Layer& layer, const ImageShape& in);

/// JSON form:
/// {"schema":"nestkit.graph/1","name":…,"input":{"h","w","c"},"layers":[{"name","op","inputs"?,…}],
/// "outputs"?,"detection"?}.
/// docs/format/graph.md. "inputs" defaults to the previous layer, "stride" to 1; "padding" is p, [ph,pw],
/// [top,left,bottom,right] or "same" (TensorFlow's). Unknown keys are errors that name the nearest key.
/// Errors begin with `origin`, the file it comes from.
Graph graph_from_json(const nlohmann::json& json, const std::string& origin = {});
nlohmann::json to_json(const Graph& graph);

}  // namespace ns::nn
