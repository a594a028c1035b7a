#include "ns/quant/lowering.h"

#include <map>
#include <optional>
#include <set>

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
    case Op::kConcat:
      return OperatorKind::kConcat;
    case Op::kBinaryConv:
      return OperatorKind::kBinaryConv;
    case Op::kBatchNorm:
    case Op::kRelu:
    case Op::kSign:
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
    case Op::kConcat:
      return "a concatenation";
    case Op::kSign:
      return "a sign";
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
    if (!graph.outputs.empty())
      for (const std::size_t output : graph.output_layers()) ++readers_[output];  // the caller
  }

  LoweredGraph run() {
    result_.tensors.push_back(graph_.input);
    result_.bits.push_back(0);
    tensor_of_[-1] = 0;
    for (std::size_t i = 0; i < graph_.layers.size(); ++i)
      if (graph_.layers[i].op == Op::kSign) find_chain(static_cast<int>(i));
    for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
      const int index = static_cast<int>(i);
      if (folded_.contains(index)) continue;
      if (graph_.layers[i].op == Op::kSign) {
        append_sign(index);
      } else if (const auto kind = kind_of(graph_.layers[i].op)) {
        append(index, *kind);
      } else {
        absorb(index);
      }
    }
    add_detector();
    result_.int16_output = graph_.outputs.empty() && result_.operators.back().kind == OperatorKind::kLinear &&
                           !result_.operators.back().relu;
    return std::move(result_);
  }

 private:
  [[noreturn]] void refuse(int layer, const std::string& reason, const std::string& hint = {}) const {
    throw input_error(
        "graph \"" + graph_.name + "\": layer \"" + name(layer) + "\" cannot be packed: " + reason, hint);
  }
  const std::string& name(int layer) const { return graph_.layers[static_cast<std::size_t>(layer)].name; }

  Op op_of(int layer) const { return graph_.layers[static_cast<std::size_t>(layer)].op; }
  int input_of(int layer) const { return inputs_[static_cast<std::size_t>(layer)][0]; }
  bool has_one_reader(int layer) const { return readers_[static_cast<std::size_t>(layer)] == 1; }

  void add_detector() {
    const nn::DetectionHead& head = graph_.detection;
    if (!head.present()) {
      if (!graph_.outputs.empty())
        throw input_error(
            "graph \"" + graph_.name +
                "\" cannot be packed: it lists outputs, but no \"detection\" says what they mean",
            "a graph with one output, its last layer, needs no list");
      return;
    }
    result_.detector.classes = head.classes;
    const auto tensor_of = [&](const std::string& layer) {
      const int index = graph_.index_of(layer), tensor = tensor_of_.at(index);
      if (result_.bits[static_cast<std::size_t>(tensor)] != 0)
        refuse(index, "it is an output, and a sign's levels can be none");
      return tensor;
    };
    for (const nn::DetectionHead::Scale& scale : head.scales)
      result_.detector.scales.push_back({tensor_of(scale.scores), tensor_of(scale.boxes), scale.sizes});
  }

  /// What a sign takes over of the layers in front of it: all of them down to a
  /// binary convolution; else those that can neither join the layer they follow
  /// nor stand alone.
  void find_chain(int sign) {
    std::vector<int> path;  // from the source on
    int source = input_of(sign);
    while (source >= 0 && has_one_reader(source) &&
           (op_of(source) == Op::kBatchNorm || op_of(source) == Op::kRelu || op_of(source) == Op::kMaxPool)) {
      path.insert(path.begin(), source);
      source = input_of(source);
    }
    if (source < 0 || op_of(source) != Op::kBinaryConv || !has_one_reader(source)) {
      auto rest = path.begin();
      const auto take = [&](Op op) {
        if (rest != path.end() && op_of(*rest) == op) ++rest;
      };
      if (source >= 0 && has_one_reader(source)) {
        const auto kind = kind_of(op_of(source));
        if (kind && (*kind <= OperatorKind::kLinear)) take(Op::kBatchNorm);
        if (kind && (*kind <= OperatorKind::kLinear || *kind == OperatorKind::kAdd)) take(Op::kRelu);
      }
      while (rest != path.end() && op_of(*rest) == Op::kMaxPool) ++rest;
      path.erase(path.begin(), rest);
    }
    int pools = 0;
    for (const int layer : path) pools += op_of(layer) == Op::kMaxPool;
    if (pools > 1)
      refuse(sign, "there are " + std::to_string(pools) + " max pools in front of it",
             "at most one can become part of the thresholds");
    for (const int layer : path) folded_.insert(layer);
    chains_[sign] = std::move(path);
  }

  void push(LoweredOperator op, const nn::ImageShape& shape, int bits) {
    result_.operators.push_back(std::move(op));
    result_.tensors.push_back(shape);
    result_.bits.push_back(bits);
  }
  int last_tensor() const { return static_cast<int>(result_.operators.size()); }

  /// Levels: by the binary convolution that the chain follows, or by a step.
  void append_sign(int index) {
    const std::vector<int>& chain = chains_.at(index);
    const int source = chain.empty() ? input_of(index) : input_of(chain.front());
    const int bits = graph_.layers[static_cast<std::size_t>(index)].bits;
    int writer = tensor_of_.at(source);
    const bool binary = source >= 0 && op_of(source) == Op::kBinaryConv && has_one_reader(source);
    if (!binary) {
      if (result_.bits[static_cast<std::size_t>(writer)] != 0)
        refuse(index, "it follows \"" + name(source) + "\", which has levels already");
      LoweredOperator step;
      step.kind = OperatorKind::kStep;
      step.layer = step.value = index;
      step.input = writer;
      push(step, result_.tensors[static_cast<std::size_t>(writer)], bits);
      writer = last_tensor();
    }
    result_.bits[static_cast<std::size_t>(writer)] = bits;
    int pool = -1;
    {
      LoweredOperator& op = result_.operators[static_cast<std::size_t>(writer - 1)];
      op.sign = index;
      for (const int layer : chain) {
        if (op_of(layer) == Op::kMaxPool)
          pool = layer;
        else
          (pool < 0 ? op.before : op.after).push_back(layer);
      }
    }
    if (pool >= 0) {
      LoweredOperator op;
      op.kind = OperatorKind::kMaxPool;
      op.layer = pool;
      op.value = index;
      op.input = writer;
      op.flips_of = writer - 1;
      push(op, shapes_[static_cast<std::size_t>(pool)], bits);
      writer = last_tensor();
    }
    tensor_of_[index] = writer;
  }

  void append(int index, OperatorKind kind) {
    const auto i = static_cast<std::size_t>(index);
    const nn::Layer& layer = graph_.layers[i];
    if (layer.op == Op::kAvgPool) check_full_windows(index);
    LoweredOperator op;
    op.kind = kind;
    op.layer = op.value = index;
    op.input = tensor(index, 0);
    if (kind == OperatorKind::kConcat) return append_concat(op, i);
    if (kind == OperatorKind::kAdd) op.second_input = tensor(index, 1);
    const int bits = kind == OperatorKind::kMaxPool ? result_.bits[static_cast<std::size_t>(op.input)] : 0;
    push(op, shapes_[i], bits);
    tensor_of_[index] = last_tensor();
  }

  /// Two inputs at a time; every part has the range of the whole.
  void append_concat(LoweredOperator op, std::size_t i) {
    nn::ImageShape shape = result_.tensors[static_cast<std::size_t>(op.input)];
    for (std::size_t which = 1; which < inputs_[i].size(); ++which) {
      op.second_input = tensor(op.layer, which);
      shape.c += result_.tensors[static_cast<std::size_t>(op.second_input)].c;
      push(op, shape, 0);
      op.input = last_tensor();
    }
    tensor_of_[op.layer] = last_tensor();
  }

  /// The tensor that input `which` of a layer reads; it must exist, not be an
  /// intermediate result of a fused operator.
  int tensor(int layer, std::size_t which) const {
    const int input = inputs_[static_cast<std::size_t>(layer)][which], found = tensor_of_.at(input);
    const bool takes_levels = op_of(layer) == Op::kBinaryConv || op_of(layer) == Op::kMaxPool;
    if (result_.bits[static_cast<std::size_t>(found)] != 0 && !takes_levels)
      refuse(layer,
             "it reads \"" + name(input) + "\", a sign, which only binary convolutions and max pools can");
    return found;
  }

  /// Batch-norm and ReLU become part of the operator whose output they alone
  /// read.
  void absorb(int index) {
    const auto i = static_cast<std::size_t>(index);
    if (op_of(index) == Op::kScale) return absorb_gate(index);
    const bool is_relu = graph_.layers[i].op == Op::kRelu;
    const char* what = is_relu ? "a ReLU" : "a batch-norm";
    const std::string rule = is_relu ? "a ReLU must directly follow a convolution, a linear layer "
                                       "(or their batch-norm) or an addition"
                                     : "a batch-norm must directly follow a convolution or a linear "
                                       "layer";
    const int source = inputs_[i][0];
    if (source < 0) refuse(index, std::string("it is ") + what + " on the network's input; " + rule);
    LoweredOperator& op = result_.operators[static_cast<std::size_t>(tensor_of_.at(source) - 1)];
    const bool weighted =
        op.kind <= OperatorKind::kLinear || (op.kind == OperatorKind::kBinaryConv && op.sign < 0);
    const Op source_op = graph_.layers[static_cast<std::size_t>(source)].op;
    const bool fits = is_relu ? (weighted || op.kind == OperatorKind::kAdd) && !op.relu
                              : weighted && op.batch_norm < 0 && !op.relu && op.gate < 0;
    if (!fits)
      refuse(index, std::string("it follows \"") + name(source) + "\", " + noun(source_op) + "; " + rule);
    if (readers_[static_cast<std::size_t>(source)] != 1)
      refuse(index, "\"" + name(source) +
                        "\", which it follows, is also read by other layers, "
                        "so the two cannot become one operator");
    if (is_relu)
      op.relu = true;
    else
      op.batch_norm = index;
    op.value = index;
    tensor_of_[index] = tensor_of_.at(source);
  }

  /// A scale layer becomes the gate of the convolution whose output it alone reads. The factors must be
  /// there before the convolution starts, and not negative, so that a ReLU in between changes nothing.
  void absorb_gate(int index) {
    const auto& inputs = inputs_[static_cast<std::size_t>(index)];
    const std::string rule =
        "a scale layer must directly follow a convolution (or its batch-norm and ReLU), and its factors must "
        "come "
        "from a linear layer with ReLU that is computed before the convolution";
    const int source = inputs[0], factors = inputs[1];
    if (source < 0 || factors < 0) refuse(index, "it reads the network's input; " + rule);
    const int tensor = tensor_of_.at(factors);
    const LoweredOperator& predictor = result_.operators[static_cast<std::size_t>(tensor - 1)];
    LoweredOperator& op = result_.operators[static_cast<std::size_t>(tensor_of_.at(source) - 1)];
    if (op.kind != OperatorKind::kConv || op.gate >= 0)
      refuse(index, "it follows \"" + name(source) + "\"; " + rule);
    if (readers_[static_cast<std::size_t>(source)] != 1)
      refuse(index, "\"" + name(source) + "\", which it follows, is also read by other layers; " + rule);
    if (predictor.kind != OperatorKind::kLinear || !predictor.relu || tensor >= tensor_of_.at(source))
      refuse(index, "its factors are \"" + name(factors) + "\"; " + rule);
    op.gate = op.value = index;
    op.second_input = tensor;
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
      refuse(index,
             "an average pool whose windows reach into the padding has no "
             "packed form",
             "remove its padding");
  }

  const nn::Graph& graph_;
  std::vector<nn::ImageShape> shapes_;
  std::vector<int> readers_;
  std::vector<std::vector<int>> inputs_;
  std::map<int, int> tensor_of_;            // by layer; −1 is the network's input
  std::map<int, std::vector<int>> chains_;  // by sign: what it takes over, in order
  std::set<int> folded_;
  LoweredGraph result_;
};

}  // namespace

LoweredGraph lower(const nn::Graph& graph) {
  return Lowering(graph).run();
}

}  // namespace ns::quant
