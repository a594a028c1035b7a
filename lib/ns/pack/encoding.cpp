#include "ns/pack/encoding.h"

#include <algorithm>

#include "ns/base/error.h"
#include "ns/pack/dense.h"
#include "ns/pack/nested_csr.h"

namespace ns::pack {
namespace {

std::vector<std::uint8_t> encode_dense(const quant::QuantisedOperator& op) {
  return op.kind == quant::OperatorKind::kConv ? encode_dense_quads(op.weights.values, op.weights.shape)
                                               : encode_dense_rows(op.weights.values, op.weights.shape);
}

}  // namespace

EncodedWeights encode_weights(const quant::QuantisedOperator& op) {
  if (!op.has_weights()) return {};
  const auto& level = op.weights.level;
  const bool same_in_all_subnets =
      std::all_of(level.begin(), level.end(), [](std::uint8_t l) { return l <= 1; });
  const bool depthwise = op.kind == quant::OperatorKind::kDepthwiseConv;
  const auto dense = op.kind == quant::OperatorKind::kConv ? Encoding::kDenseQuads : Encoding::kDenseRows;
  if (same_in_all_subnets && (depthwise || dense_bytes(op) <= nested_csr_bytes(op.weights)))
    return {dense, encode_dense(op)};
  if (depthwise)
    throw input_error("layer \"" + op.layer + "\": a depthwise convolution cannot differ between subnets",
                      "leave depthwise layers dense when pruning");
  try {
    return {Encoding::kNestedCsr, encode_nested_csr(op.weights)};
  } catch (const Error& error) {
    throw Error(error.kind(), "layer \"" + op.layer + "\": " + error.what());
  }
}

std::size_t dense_bytes(const quant::QuantisedOperator& op) {
  if (!op.has_weights()) return 0;
  const quant::WeightShape& shape = op.weights.shape;
  const std::size_t row =
      op.kind == quant::OperatorKind::kConv ? (shape.positions(2) + 1) / 2 * 4 : (shape.row() + 3) / 4 * 4;
  return static_cast<std::size_t>(shape.co) * row;
}

std::size_t kept_weights(const quant::LevelledWeights& weights, int subnet) {
  const quant::WeightShape& shape = weights.shape;
  const std::size_t positions = shape.positions(weights.block), taps = shape.taps(),
                    block = static_cast<std::size_t>(weights.block);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < weights.level.size(); ++i) {
    if (weights.level[i] == 0 || weights.level[i] > subnet) continue;
    const std::size_t first_channel = i % positions / taps * block;
    kept += std::min(block, static_cast<std::size_t>(shape.ci) - first_channel);
  }
  return kept;
}

}  // namespace ns::pack
