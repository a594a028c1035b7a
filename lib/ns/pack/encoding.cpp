#include "ns/pack/encoding.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "ns/base/error.h"
#include "ns/pack/binary.h"
#include "ns/pack/dense.h"
#include "ns/pack/layer_cost.h"
#include "ns/pack/nested_csr.h"
#include "ns/pack/nested_rice.h"

namespace ns::pack {
namespace {

std::vector<std::uint8_t> encode_dense(const quant::QuantisedOperator& op) {
  return op.kind == quant::OperatorKind::kConv ? encode_dense_quads(op.weights.values, op.weights.shape)
                                               : encode_dense_rows(op.weights.values, op.weights.shape);
}

std::vector<std::uint8_t> encode(const quant::QuantisedOperator& op, Encoding encoding) {
  try {
    switch (encoding) {
      case Encoding::kNestedCsr:
        return encode_nested_csr(op.weights);
      case Encoding::kNestedRice:
        return encode_nested_rice(op.weights);
      case Encoding::kBinary:
        return encode_binary(op.weights.values, op.weights.shape);
      default:
        return encode_dense(op);
    }
  } catch (const Error& error) {
    throw Error(error.kind(), "layer \"" + op.layer + "\": " + error.what());
  }
}

std::vector<Encoding> candidates(const quant::QuantisedOperator& op) {
  if (op.kind == quant::OperatorKind::kBinaryConv) return {Encoding::kBinary};
  const auto& level = op.weights.level;
  std::vector<Encoding> found;
  if (!op.winners.empty()) {  // whose rows and channels are gathered
    if (std::any_of(level.begin(), level.end(), [](std::uint8_t l) { return l != 1; }))
      throw input_error("layer \"" + op.layer + "\": a gated convolution cannot be pruned",
                        "leave gated layers dense when pruning");
    return {Encoding::kDenseQuads};
  }
  if (std::all_of(level.begin(), level.end(), [](std::uint8_t l) { return l <= 1; }))
    found.push_back(op.kind == quant::OperatorKind::kConv ? Encoding::kDenseQuads : Encoding::kDenseRows);
  if (op.kind != quant::OperatorKind::kDepthwiseConv) {
    found.push_back(Encoding::kNestedCsr);
    found.push_back(Encoding::kNestedRice);
  } else if (found.empty()) {
    throw input_error("layer \"" + op.layer + "\": a depthwise convolution cannot differ between subnets",
                      "leave depthwise layers dense when pruning");
  }
  return found;
}

}  // namespace

Objective parse_objective(const std::string& word) {
  if (word == "speed") return Objective::kSpeed;
  if (word == "balanced") return Objective::kBalanced;
  if (word == "flash") return Objective::kFlash;
  throw usage_error("\"" + word + "\" is no objective: speed, balanced or flash expected");
}

EncodedWeights encode_weights(const quant::QuantisedOperator& op, const nsrt::Window& window,
                              Objective objective) {
  if (!op.has_weights()) return {};
  EncodedWeights best;
  double least = 0;
  std::optional<Error> refusal;
  for (const Encoding encoding : candidates(op)) {
    EncodedWeights encoded{encoding, {}};
    try {
      encoded.bytes = encode(op, encoding);
    } catch (const Error& error) {  // an encoding that cannot hold it, e.g. by the length of its rows
      refusal = error;
      continue;
    }
    const double bytes = static_cast<double>(encoded.bytes.size());
    const double cost = objective == Objective::kFlash   ? bytes
                        : objective == Objective::kSpeed ? instructions(window, op, encoding)
                                                         : bytes * bytes * instructions(window, op, encoding);
    if (best.encoding != Encoding::kNone && cost >= least) continue;
    best = std::move(encoded);
    least = cost;
  }
  if (best.encoding == Encoding::kNone) throw *refusal;
  return best;
}

std::size_t dense_bytes(const quant::QuantisedOperator& op) {
  if (!op.has_weights()) return 0;
  const quant::WeightShape& shape = op.weights.shape;
  if (op.kind == quant::OperatorKind::kBinaryConv) return binary_bytes(shape);
  const std::size_t row =
      op.kind == quant::OperatorKind::kConv ? (shape.positions(2) + 1) / 2 * 4 : (shape.row() + 3) / 4 * 4;
  return static_cast<std::size_t>(shape.co) * row;
}

}  // namespace ns::pack
