#include "ns/pack/layer_cost.h"

#include "runtime/kernels/m7/plan.h"

namespace ns::pack {
namespace {

constexpr double kDenseConv = 0.83, kDenseLinear = 1.2, kDepthwise = 1.9;  // per multiplication
constexpr double kTileEntry = 7, kTile = 70;                               // tiles.S: eight outputs

/// Decoding, once per strip (decode.S, rice.S) or, in linear layers, once.
struct Decoding {
  double record, row, level;
};

Decoding conv_decoding(Encoding encoding, int block) {
  if (encoding == Encoding::kNestedRice) return {18 + 6.0 * block, 100, 60};
  return {4.0 + (block == 4 ? 4.5 : 5.0) * block, 45, 8};
}

Decoding linear_decoding(Encoding encoding, int block) {
  if (encoding == Encoding::kNestedRice) return {22 + 6.0 * block, 20, 20};
  return {block == 1 ? 5.0 : block == 2 ? 7.0 : 10.0, 45, 10};
}

}  // namespace

double instructions(const nsrt::Window& window, const quant::QuantisedOperator& op, Encoding encoding) {
  const quant::LevelledWeights& w = op.weights;
  const double rows = w.shape.co, outputs = double{rows} * window.oh * window.ow;
  if (op.kind == quant::OperatorKind::kDepthwiseConv)
    return kDepthwise * outputs * static_cast<double>(w.shape.taps());
  const bool linear = op.kind == quant::OperatorKind::kLinear;
  if (encoding != Encoding::kNestedCsr && encoding != Encoding::kNestedRice)
    return (linear ? kDenseLinear : kDenseConv) * outputs * static_cast<double>(w.shape.row());
  double records = 0;
  for (const std::uint8_t level : w.level) records += level != 0;
  const auto decode_all = [&](const Decoding& d) {
    return d.record * records + rows * (d.row + d.level * w.levels);
  };
  if (linear) return decode_all(linear_decoding(encoding, w.block));
  const nsrt::m7::Plan plan = nsrt::m7::plan_sparse(window, static_cast<std::uint32_t>(w.block));
  const double strips_down = nsrt::m7::ceil_div(plan.w.oh, plan.rows),
               strips = strips_down * nsrt::m7::ceil_div(plan.w.ow, plan.span);
  const double tiles = strips * plan.tile_rows * plan.tiles_per_row;
  return strips * decode_all(conv_decoding(encoding, w.block)) +
         tiles * (kTileEntry * w.block * records + kTile * rows);
}

}  // namespace ns::pack
