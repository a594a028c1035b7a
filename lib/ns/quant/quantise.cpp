#include "ns/quant/quantise.h"

#include <cmath>
#include <map>

#include "ns/base/error.h"
#include "ns/quant/quantise_weights.h"
#include "ns/quant/requant_table.h"

namespace ns::quant {
namespace {

constexpr double kBatchNormEpsilon = 1e-5;  // that of nn
constexpr double kLogitScale = 1.0 / 256;   // int16 outputs, docs/numerics.md

class Quantiser {
 public:
  Quantiser(const nested::Model& model, const LoweredGraph& lowered, const nested::Model* whole)
      : graph_(model.network().graph()), lowered_(lowered), maps_(model.levels()) {
    for (const nn::Parameter& parameter : model.network().parameters())
      arrays_[parameter.name] = &parameter.value;
    if (whole)
      for (const nn::Parameter& parameter : whole->network().parameters())
        whole_[parameter.name] = &parameter.value;
    for (const nn::Buffer& buffer : model.network().buffers()) arrays_[buffer.name] = &buffer.value;
    result_.subnets = model.subnets();
  }

  QuantisedNetwork run(const std::vector<std::vector<Range>>& ranges, const Affine& input) {
    result_.input_scale = input.scale;
    result_.input_zero_point = input.zero_point;
    for (const nn::ImageShape& shape : lowered_.tensors)
      result_.tensors.push_back({shape.h, shape.w, shape.c, false});
    result_.tensors.back().is_int16 = lowered_.int16_output;
    for (std::size_t i = 0; i < lowered_.operators.size(); ++i) add_operator(i);
    for (int subnet = 1; subnet <= result_.subnets; ++subnet)
      add_tables(subnet, ranges[static_cast<std::size_t>(subnet - 1)], input);
    return std::move(result_);
  }

 private:
  const nn::Layer& layer_of(const LoweredOperator& op) const {
    return graph_.layers[static_cast<std::size_t>(op.layer)];
  }
  const Tensor& array(const std::string& name) const {
    const auto found = arrays_.find(name);
    if (found == arrays_.end()) throw internal_error("quantise: the network has no array \"" + name + "\"");
    return *found->second;
  }

  void add_operator(std::size_t i) {
    const LoweredOperator& lowered = lowered_.operators[i];
    const nn::Layer& layer = layer_of(lowered);
    const QuantisedTensor& in = result_.tensors[static_cast<std::size_t>(lowered.input)];
    QuantisedOperator op{layer.name, lowered.kind, lowered.input, lowered.second_input,
                         static_cast<int>(i + 1)};
    WeightShape shape;
    switch (lowered.kind) {
      case OperatorKind::kLinear:
        shape = {layer.filters, in.count(), 1, 1};
        break;
      case OperatorKind::kConv:
        shape = {layer.filters, in.c, layer.kernel[0], layer.kernel[1]};
        break;
      case OperatorKind::kDepthwiseConv:
        shape = {in.c, 1, layer.kernel[0], layer.kernel[1]};
        break;
      default:
        break;
    }
    if (lowered.kind != OperatorKind::kLinear && lowered.kind != OperatorKind::kAdd) {
      const bool global = layer.op == nn::Op::kGlobalAvgPool;
      op.kernel = global ? std::array<int, 2>{in.h, in.w} : layer.kernel;
      op.stride = global ? std::array<int, 2>{1, 1} : layer.stride;
      op.pad_top = layer.padding.top;
      op.pad_left = layer.padding.left;
    }
    weight_scales_.emplace_back();
    if (op.has_weights()) {
      const std::string name = layer.name + ".weight";
      const auto map = maps_.find(name);
      const auto whole = whole_.find(name);
      QuantisedWeights weights =
          quantise_weights(layer.name, array(name), shape, map == maps_.end() ? nullptr : &map->second,
                           result_.subnets, whole == whole_.end() ? nullptr : whole->second);
      op.weights = std::move(weights.weights);
      weight_scales_.back() = std::move(weights.scales);
    }
    result_.operators.push_back(std::move(op));
  }

  /// The affine function of every output channel with subnet k's batch-norm.
  std::vector<RowFunction> row_functions(std::size_t i, int subnet) const {
    const LoweredOperator& lowered = lowered_.operators[i];
    const nn::Layer& layer = layer_of(lowered);
    std::vector<RowFunction> rows(weight_scales_[i].size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      rows[row].weight_scale = weight_scales_[i][row];
      if (layer.bias)
        rows[row].offset = static_cast<double>(array(layer.name + ".bias")[static_cast<std::int64_t>(row)]);
    }
    if (lowered.batch_norm < 0) return rows;
    std::string bn = graph_.layers[static_cast<std::size_t>(lowered.batch_norm)].name;
    if (subnet > 1) bn += "@" + std::to_string(subnet - 1);
    const Tensor &gamma = array(bn + ".weight"), &beta = array(bn + ".bias");
    const Tensor &mean = array(bn + ".running_mean"), &variance = array(bn + ".running_var");
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto c = static_cast<std::int64_t>(row);
      rows[row].gain =
          static_cast<double>(gamma[c]) / std::sqrt(static_cast<double>(variance[c]) + kBatchNormEpsilon);
      rows[row].offset =
          static_cast<double>(beta[c]) + rows[row].gain * (rows[row].offset - static_cast<double>(mean[c]));
    }
    return rows;
  }

  void add_tables(int subnet, const std::vector<Range>& ranges, const Affine& input) {
    std::vector<Affine> coding{input};
    for (std::size_t i = 0; i < lowered_.operators.size(); ++i) {
      const LoweredOperator& lowered = lowered_.operators[i];
      QuantisedOperator& op = result_.operators[i];
      const Range& range = ranges[i + 1];
      const Affine in = coding[static_cast<std::size_t>(op.input)];
      Affine out = affine_for(range.low, range.high, lowered.relu);
      RequantTable table;
      if (op.has_weights()) {
        const bool int16 = result_.tensors[i + 1].is_int16;
        const std::vector<RowFunction> rows = row_functions(i, subnet);
        const std::vector<RowSums> sums = row_sums(op.weights, subnet);
        out = int16
                  ? Affine{kLogitScale, 0}
                  : affine_for(range.low, range.high, lowered.relu, least_output_scale(rows, sums, in.scale));
        table = row_table(op.layer, rows, sums, in, out, int16);
      } else if (op.kind == OperatorKind::kMaxPool) {
        out = in;  // a maximum needs no arithmetic if both sides are coded alike
      } else if (op.kind == OperatorKind::kAvgPool) {
        table = avg_pool_table(op.layer, op.kernel[0] * op.kernel[1], in, out);
      } else {
        table = add_table(op.layer, in, coding[static_cast<std::size_t>(op.second_input)], out);
      }
      op.tables.push_back(std::move(table));
      coding.push_back(out);
    }
    result_.tensor_scales.emplace_back();
    for (const Affine& tensor : coding) result_.tensor_scales.back().push_back(tensor.scale);
  }

  const nn::Graph& graph_;
  const LoweredGraph& lowered_;
  const nested::LevelMaps& maps_;
  std::map<std::string, const Tensor*> arrays_, whole_;
  std::vector<std::vector<double>> weight_scales_;  // [operator][row]
  QuantisedNetwork result_;
};

}  // namespace

QuantisedNetwork quantise(const nested::Model& model, const LoweredGraph& lowered,
                          const std::vector<std::vector<Range>>& ranges, const Affine& input,
                          const nested::Model* whole) {
  if (static_cast<int>(ranges.size()) != model.subnets())
    throw internal_error("quantise: one set of ranges per subnet is needed");
  return Quantiser(model, lowered, whole).run(ranges, input);
}

QuantisedNetwork quantise(nested::Model& model, const Tensor& images, const Affine& input,
                          const CalibrationProgress& progress, const nested::Model* whole) {
  const LoweredGraph lowered = lower(model.network().graph());
  std::vector<std::vector<Range>> ranges;
  for (int subnet = 1; subnet <= model.subnets(); ++subnet)
    ranges.push_back(calibrate(model, lowered, subnet, images, [&](std::int64_t done, std::int64_t total) {
      if (progress) progress((subnet - 1) * total + done, model.subnets() * total);
    }));
  return quantise(model, lowered, ranges, input, whole);
}

}  // namespace ns::quant
