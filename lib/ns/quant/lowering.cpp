#include "ns/quant/lowering.h"

#include <map>
#include <optional>

#include "ns/base/error.h"

namespace ns::quant {
namespace {

using nn::Op;

std::optional<OperatorKind> kind_of(Op op) {
  switch (op) {
    case Op::kConv:
      return OperatorKind::kConv;
    case Op::kDepthwiseConv:
      return OperatorKind::kDepthwiseConv;
    case Op::kLinear:
      return OperatorKind::kLinear;
    case Op::kMaxPool:
      return OperatorKind::kMaxPool;
    case Op::kAvgPool:
    case Op::kGlobalAvgPool:
      return OperatorKind::kAvgPool;
    case Op::kAdd:
      return OperatorKind::kAdd;
    case Op::kBatchNorm:
    case Op::kRelu:
    case Op::kConcat:
    case Op::kSign:
    case Op::kBinaryConv:
    case Op::kScale:
      return std::nullopt;
  }
  throw internal_error("lowering: unknown operator");
}

const char* noun(Op op) {
  switch (op) {
    case Op::kMaxPool:
      return "a max pool";
    case Op::kAvgPool:
    case Op::kGlobalAvgPool:
      return "an average pool";
    case Op::kAdd:
      return "an addition";
    case Op::kBatchNorm:
      return "a batch-norm";
    case Op::kRelu:
      return "a ReLU";
    default:
      return "a layer with weights";
  }
}

class Lowering {
 public:
  explicit Lowering(const nn::Graph& graph)
      : graph_(graph), shapes_(graph.infer_shapes()), readers_(graph.layers.size()) {
    for (const nn::Layer& layer : graph.layers) {
      std::vector<int> inputs;
      for (const std::string& name : layer.inputs) inputs.push_back(graph.index_of(name));
      for (const int input : inputs)
        if (input >= 0) ++readers_[static_cast<std::size_t>(input)];
      inputs_.push_back(std::move(inputs));
    }
  }

  LoweredGraph run() {
    result_.tensors.push_back(graph_.input);
    tensor_of_[-1] = 0;
    for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
      const int index = static_cast<int>(i);
      if (const auto kind = kind_of(graph_.layers[i].op)) {
        append(index, *kind);
      } else {
        absorb(index);
      }
    }
    result_.int16_output =
        result_.operators.back().kind == OperatorKind::kLinear && !result_.operators.back().relu;
    return std::move(result_);
  }

 private:
  [[noreturn]] void refuse(int layer, const std::string& reason, const std::string& hint = {}) const {
    throw input_error(
        "graph \"" + graph_.name + "\": layer \"" + name(layer) + "\" cannot be packed: " + reason, hint);
  }
  const std::string& name(int layer) const { return graph_.layers[static_cast<std::size_t>(layer)].name; }

  void append(int index, OperatorKind kind) {
    const auto i = static_cast<std::size_t>(index);
    const nn::Layer& layer = graph_.layers[i];
    if (layer.op == Op::kAvgPool) check_full_windows(index);
    LoweredOperator op;
    op.kind = kind;
    op.layer = op.value = index;
    op.input = tensor(index, 0);
    if (kind == OperatorKind::kAdd) op.second_input = tensor(index, 1);
    result_.operators.push_back(op);
    result_.tensors.push_back(shapes_[i]);
    tensor_of_[index] = static_cast<int>(result_.operators.size());
  }

  /// The tensor that input `which` of a layer reads; it must exist, not be an intermediate result of a fused
  /// operator.
  int tensor(int layer, std::size_t which) const {
    return tensor_of_.at(inputs_[static_cast<std::size_t>(layer)][which]);
  }

  /// Batch-norm and ReLU become part of the operator whose output they alone read.
  void absorb(int index) {
    const auto i = static_cast<std::size_t>(index);
    if (graph_.layers[i].op != Op::kBatchNorm && graph_.layers[i].op != Op::kRelu) {
      refuse(index, "packed models have no such operator");
    }
    const bool is_relu = graph_.layers[i].op == Op::kRelu;
    const char* what = is_relu ? "a ReLU" : "a batch-norm";
    const std::string rule =
        is_relu
            ? "a ReLU must directly follow a convolution, a linear layer (or their batch-norm) or an addition"
            : "a batch-norm must directly follow a convolution or a linear layer";
    const int source = inputs_[i][0];
    if (source < 0) refuse(index, std::string("it is ") + what + " on the network's input; " + rule);
    LoweredOperator& op = result_.operators[static_cast<std::size_t>(tensor_of_.at(source) - 1)];
    const bool weighted = op.kind <= OperatorKind::kLinear;
    const Op source_op = graph_.layers[static_cast<std::size_t>(source)].op;
    const bool fits = is_relu ? (weighted || op.kind == OperatorKind::kAdd) && !op.relu
                              : weighted && op.batch_norm < 0 && !op.relu;
    if (!fits)
      refuse(index, std::string("it follows \"") + name(source) + "\", " + noun(source_op) + "; " + rule);
    if (readers_[static_cast<std::size_t>(source)] != 1)
      refuse(index,
             "\"" + name(source) +
                 "\", which it follows, is also read by other layers, so the two cannot become one operator");
    if (is_relu)
      op.relu = true;
    else
      op.batch_norm = index;
    op.value = index;
    tensor_of_[index] = tensor_of_.at(source);
  }

  void check_full_windows(int index) const {
    const auto i = static_cast<std::size_t>(index);
    const nn::Layer& layer = graph_.layers[i];
    const nn::ImageShape& in = result_.tensors[static_cast<std::size_t>(tensor(index, 0))];
    const nn::ImageShape& out = shapes_[i];
    const bool full = layer.padding.top == 0 && layer.padding.left == 0 &&
                      (out.h - 1) * layer.stride[0] + layer.kernel[0] <= in.h &&
                      (out.w - 1) * layer.stride[1] + layer.kernel[1] <= in.w;
    if (!full)
      refuse(index, "an average pool whose windows reach into the padding has no packed form",
             "remove its padding");
  }

  const nn::Graph& graph_;
  std::vector<nn::ImageShape> shapes_;
  std::vector<int> readers_;
  std::vector<std::vector<int>> inputs_;
  std::map<int, int> tensor_of_;  // by layer; −1 is the network's input
  LoweredGraph result_;
};

}  // namespace

LoweredGraph lower(const nn::Graph& graph) {
  return Lowering(graph).run();
}

}  // namespace ns::quant
