#include "ns/quant/quantise.h"

#include <cmath>
#include <map>

#include "ns/base/error.h"
#include "ns/nn/batch_norm.h"
#include "ns/nn/binary_weights.h"
#include "ns/quant/quantise_weights.h"
#include "ns/quant/requant_table.h"
#include "ns/quant/steps.h"

namespace ns::quant {
namespace {

constexpr std::size_t kMostBinarySum = 32766;  // docs/format/nsm.md
constexpr int kMostSaliency = 255;             // q + 128 of a saliency
constexpr double kLogitScale = 1.0 / 256;      // int16 outputs, docs/numerics.md

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

  QuantisedNetwork run(const std::vector<std::vector<TensorStatistics>>& statistics, const Affine& input) {
    result_.input_scale = input.scale;
    result_.input_zero_point = input.zero_point;
    for (std::size_t i = 0; i < lowered_.tensors.size(); ++i) {
      const nn::ImageShape& shape = lowered_.tensors[i];
      result_.tensors.push_back({shape.h, shape.w, shape.c, false, lowered_.bits[i]});
    }
    result_.tensors.back().is_int16 = lowered_.int16_output;
    result_.detector = lowered_.detector;
    for (std::size_t i = 0; i < lowered_.operators.size(); ++i) add_operator(i);
    for (int subnet = 1; subnet <= result_.subnets; ++subnet)
      add_tables(subnet, statistics[static_cast<std::size_t>(subnet - 1)], input);
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
      case OperatorKind::kBinaryConv:
        shape = {layer.filters, in.c, layer.kernel[0], layer.kernel[1]};
        break;
      case OperatorKind::kDepthwiseConv:
        shape = {in.c, 1, layer.kernel[0], layer.kernel[1]};
        break;
      default:
        break;
    }
    const bool windowed = lowered.kind != OperatorKind::kLinear && lowered.kind != OperatorKind::kAdd &&
                          lowered.kind != OperatorKind::kStep && lowered.kind != OperatorKind::kConcat;
    if (windowed) {
      const bool global = layer.op == nn::Op::kGlobalAvgPool;
      op.kernel = global ? std::array<int, 2>{in.h, in.w} : layer.kernel;
      op.stride = global ? std::array<int, 2>{1, 1} : layer.stride;
      op.pad_top = layer.padding.top;
      op.pad_left = layer.padding.left;
    }
    if (lowered.gate >= 0) {
      const std::vector<double>& keep = graph_.layers[static_cast<std::size_t>(lowered.gate)].keep;
      for (int subnet = 0; subnet < result_.subnets; ++subnet)
        op.winners.push_back(keep.empty()
                                 ? layer.filters
                                 : nn::kept_channels(keep[static_cast<std::size_t>(subnet)], layer.filters));
    }
    weight_scales_.emplace_back();
    if (op.kind == OperatorKind::kBinaryConv) {
      add_binary_weights(op, layer, shape);
      check_sums(op, in);
    } else if (op.has_weights()) {
      const std::string name = layer.name + ".weight";
      const auto map = maps_.find(name);
      const auto whole = whole_.find(name);
      QuantisedWeights weights =
          quantise_weights(layer.name, array(name), shape, map == maps_.end() ? nullptr : &map->second,
                           result_.subnets, whole == whole_.end() ? nullptr : whole->second);
      op.weights = std::move(weights.weights);
      weight_scales_.back() = std::move(weights.scales);
    }
    binary_sums_.push_back(op.kind == OperatorKind::kBinaryConv ? row_sums(op.weights, 1)
                                                                : std::vector<RowSums>{});
    result_.operators.push_back(std::move(op));
  }

  /// −1 and 1; their scales are those of the filters.
  void add_binary_weights(QuantisedOperator& op, const nn::Layer& layer, const WeightShape& shape) {
    const nn::BinaryWeights binary = nn::binary_weights(array(layer.name + ".weight"), layer.scaling);
    op.weights = {shape, 1, result_.subnets, {}, {}};
    op.weights.level.assign(shape.count(), 1);
    for (const float sign : binary.signs.values()) {
      if (!std::isfinite(sign)) throw input_error("layer \"" + op.layer + "\": a weight is not finite");
      op.weights.values.push_back(sign < 0 ? -1 : 1);
    }
    for (const float scale : binary.scale) weight_scales_.back().push_back(static_cast<double>(scale));
  }

  static void check_sums(const QuantisedOperator& op, const QuantisedTensor& in) {
    const std::size_t largest = op.weights.shape.row() * ((1U << in.bits) - 1);
    if (largest > kMostBinarySum)
      throw input_error("layer \"" + op.layer + "\": sums of levels reach " + std::to_string(largest) +
                            ", packed models hold up to " + std::to_string(kMostBinarySum),
                        "fewer channels, a smaller kernel or fewer bits of activations");
  }

  Arrays arrays() const {
    return [this](const std::string& name) -> const Tensor& { return array(name); };
  }
  SignChain sign_chain(const LoweredOperator& op, int subnet) const {
    return {graph_, op.before, op.after, op.sign, subnet, arrays()};
  }

  /// Levels as a function of the operator's integers n, low ≤ n ≤ high, of
  /// which value(channel, n) is the real value: those of the sign, or, where
  /// the layers behind a max pool fall, the other way round.
  template <class Value>
  StepTable step_table(std::size_t i, int subnet, int low, int high, Value value) const {
    const SignChain chain = sign_chain(lowered_.operators[i], subnet);
    StepTable table;
    for (std::size_t c = 0; c < static_cast<std::size_t>(lowered_.tensors[i + 1].c); ++c) {
      const bool turned = chain.falls_after(c);
      const std::vector<std::int16_t> row = step_row(low, high, chain.highest_level(), [&](int n) {
        const int level = chain.level(c, value(c, n));
        return turned ? chain.highest_level() - level : level;
      });
      table.rows.insert(table.rows.end(), row.begin(), row.end());
    }
    return table;
  }

  StepTable binary_steps(std::size_t i, int subnet) const {
    const QuantisedOperator& op = result_.operators[i];
    const int highest = level_count(op.input), most = static_cast<int>(op.weights.shape.row()) * highest;
    return step_table(i, subnet, -most, most, [&](std::size_t c, int acc) {
      // Σ w·(2q − L), a whole number
      const std::int64_t sum = 2 * std::int64_t{acc} - highest * binary_sums_[i][c].sum;
      return weight_scales_[i][c] * (static_cast<double>(sum) / highest);
    });
  }

  int level_count(int tensor) const {
    return (1 << result_.tensors[static_cast<std::size_t>(tensor)].bits) - 1;
  }

  FlipTable flip_table(std::size_t i, int subnet) const {
    const LoweredOperator& pool = lowered_.operators[i];
    FlipTable table{std::vector<bool>(static_cast<std::size_t>(lowered_.tensors[i + 1].c))};
    if (pool.flips_of < 0) return table;
    const SignChain chain = sign_chain(lowered_.operators[static_cast<std::size_t>(pool.flips_of)], subnet);
    for (std::size_t c = 0; c < table.flips.size(); ++c) table.flips[c] = chain.falls_after(c);
    return table;
  }

  bool is_read_by_detector(int tensor) const {
    return std::ranges::any_of(lowered_.detector.scales, [&](const Detector::Scale& scale) {
      return scale.scores == tensor || scale.boxes == tensor;
    });
  }

  /// The step that alone reads the output of operator i and takes nothing but
  /// its sign, if any: it can decide as the accumulator does.
  int deciding_step(std::size_t i) const {
    const OperatorKind kind = lowered_.operators[i].kind;
    if (kind > OperatorKind::kLinear || i + 1 == lowered_.operators.size()) return -1;
    // A gate multiplies what was summed, and detections are read from int8: both need more than a sign.
    if (lowered_.operators[i].gate >= 0 || is_read_by_detector(static_cast<int>(i + 1))) return -1;
    int found = -1;
    for (std::size_t j = i + 1; j < lowered_.operators.size(); ++j) {
      const LoweredOperator& op = lowered_.operators[j];
      const int tensor = static_cast<int>(i + 1);
      if (op.input != tensor && op.second_input != tensor) continue;
      if (found >= 0 || op.kind != OperatorKind::kStep || lowered_.bits[j + 1] != 1) return -1;
      found = static_cast<int>(j);
    }
    return found;
  }

  /// Rows whose int8 output is ≥ 0 where the sign is 1 (before a max pool may
  /// turn it round).
  RowTable deciding_rows(std::size_t i, int step, int subnet, const Affine& in) const {
    const QuantisedOperator& op = result_.operators[i];
    const std::vector<RowFunction> rows = row_functions(i, subnet);
    const std::vector<RowSums> sums = row_sums(op.weights, subnet);
    const SignChain chain = sign_chain(lowered_.operators[static_cast<std::size_t>(step)], subnet);
    RowTable table{in.zero_point, 0, {}, {}};
    for (std::size_t c = 0; c < rows.size(); ++c) {
      const bool turned = chain.falls_after(c);
      const std::int64_t most = 128 * sums[c].absolute;
      if (most >= std::int64_t{1} << 29)
        throw input_error("layer \"" + op.layer + "\": the 32-bit accumulator may overflow");
      const SignRow row = sign_row(-most, most, [&](std::int64_t acc) {
        double y = rows[c].gain * rows[c].weight_scale * in.scale *
                       static_cast<double>(acc - in.zero_point * sums[c].sum) +
                   rows[c].offset;
        if (lowered_.operators[i].relu && !(y > 0)) y = 0;
        return (chain.level(c, y) == 1) != turned;
      });
      table.multiplier.push_back(row.multiplier);
      table.bias.push_back(row.bias);
    }
    return table;
  }

  /// The affine function of every output channel with subnet k's batch-norm.
  std::vector<RowFunction> row_functions(std::size_t i, int subnet) const {
    const LoweredOperator& lowered = lowered_.operators[i];
    const nn::Layer& layer = layer_of(lowered);
    std::vector<RowFunction> rows(weight_scales_[i].size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      rows[row].weight_scale = weight_scales_[i][row];
      if (layer.op == nn::Op::kBinaryConv)
        rows[row].offset = -weight_scales_[i][row] * static_cast<double>(binary_sums_[i][row].sum);
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
          static_cast<double>(gamma[c]) / std::sqrt(static_cast<double>(variance[c]) + nn::kBatchNormEpsilon);
      rows[row].offset =
          static_cast<double>(beta[c]) + rows[row].gain * (rows[row].offset - static_cast<double>(mean[c]));
    }
    return rows;
  }

  /// The mean input of the weights of operator i, as mean_rounding_errors wants them, from that of the input
  /// tensor [h, w, c]. What the padding holds counts as 0.
  std::vector<double> mean_inputs(std::size_t i, const std::vector<double>& means) const {
    const QuantisedOperator& op = result_.operators[i];
    const QuantisedTensor& in = result_.tensors[static_cast<std::size_t>(op.input)];
    const bool linear = op.kind == OperatorKind::kLinear;
    const std::array<int, 2> taps = linear ? std::array{in.h, in.w} : op.kernel;
    const int out_h = linear ? 1 : result_.tensors[i + 1].h, out_w = linear ? 1 : result_.tensors[i + 1].w;
    std::vector<double> inputs;
    for (int c = 0; c < in.c; ++c) {
      for (int tap = 0; tap < taps[0] * taps[1]; ++tap) {
        double sum = 0;
        for (int pixel = 0; pixel < out_h * out_w; ++pixel) {
          const int y = pixel / out_w * op.stride[0] + tap / taps[1] - op.pad_top;
          const int x = pixel % out_w * op.stride[1] + tap % taps[1] - op.pad_left;
          if (y >= 0 && y < in.h && x >= 0 && x < in.w)
            sum += means[static_cast<std::size_t>((y * in.w + x) * in.c + c)];
        }
        inputs.push_back(sum / (out_h * out_w));
      }
    }
    return inputs;
  }

  /// Gives back to every output channel's mean what rounding its weights takes from it; `means` are those of
  /// the input tensor.
  void correct_means(std::size_t i, int subnet, const std::vector<double>& means,
                     std::vector<RowFunction>& rows) const {
    const std::vector<double> lost =
        mean_rounding_errors(array(result_.operators[i].layer + ".weight"), result_.operators[i].weights,
                             weight_scales_[i], subnet, mean_inputs(i, means));
    for (std::size_t row = 0; row < rows.size(); ++row) rows[row].offset += rows[row].gain * lost[row];
  }

  void add_tables(int subnet, const std::vector<TensorStatistics>& statistics, const Affine& input) {
    std::vector<Affine> coding{input};
    for (std::size_t i = 0; i < lowered_.operators.size(); ++i) {
      const LoweredOperator& lowered = lowered_.operators[i];
      QuantisedOperator& op = result_.operators[i];
      const Range& range = statistics[i + 1].range;
      const Affine in = coding[static_cast<std::size_t>(op.input)];
      Affine out = affine_for(range.low, range.high, lowered.relu);
      RequantTable table;
      const int bits = lowered_.bits[i + 1], decides = deciding_step(i);
      if (bits != 0) out = {2.0 / ((1 << bits) - 1), 0};
      if (op.kind == OperatorKind::kMaxPool && bits != 0) {
        table = flip_table(i, subnet);
      } else if (op.kind == OperatorKind::kBinaryConv && bits != 0) {
        table = binary_steps(i, subnet);
      } else if (op.kind == OperatorKind::kStep && decided_[i]) {
        // The operator before has decided: its int8 is ≥ 0 or not.
        StepTable steps;
        for (int c = 0; c < lowered_.tensors[i + 1].c; ++c) steps.rows.insert(steps.rows.end(), {0, 0});
        table = std::move(steps);
      } else if (op.kind == OperatorKind::kStep) {
        table = step_table(i, subnet, -128, 127,
                           [&](std::size_t, int q) { return in.scale * (q - in.zero_point); });
      } else if (decides >= 0) {
        decided_[static_cast<std::size_t>(decides)] = true;
        table = deciding_rows(i, decides, subnet, in);
        out = {1, 0};
      } else if (op.has_weights()) {
        const bool int16 = result_.tensors[i + 1].is_int16;
        std::vector<RowFunction> rows = row_functions(i, subnet);
        if (op.kind != OperatorKind::kBinaryConv)
          correct_means(i, subnet, statistics[static_cast<std::size_t>(op.input)].mean, rows);
        const std::vector<RowSums> sums = row_sums(op.weights, subnet);
        int most_factor = 1;
        if (lowered.gate >= 0) {
          // A factor q + 128 stands for that many steps of the saliency; the table is for one of them.
          most_factor = kMostSaliency;
          for (RowFunction& row : rows) {
            row.gain *= coding[static_cast<std::size_t>(op.second_input)].scale;
            row.offset *= coding[static_cast<std::size_t>(op.second_input)].scale;
          }
        }
        out = int16 ? Affine{kLogitScale, 0}
                    : affine_for(range.low, range.high, lowered.relu,
                                 most_factor * least_output_scale(rows, sums, in.scale));
        table = row_table(op.layer, rows, sums, in, out, int16, most_factor);
      } else if (op.kind == OperatorKind::kMaxPool) {
        out = in;  // a maximum needs no arithmetic if both sides are coded alike
      } else if (op.kind == OperatorKind::kConcat) {
        table = concat_table(op.layer, in, coding[static_cast<std::size_t>(op.second_input)], out);
      } else if (op.kind == OperatorKind::kAvgPool) {
        table = avg_pool_table(op.layer, op.kernel[0] * op.kernel[1], in, out);
      } else {
        table = add_table(op.layer, in, coding[static_cast<std::size_t>(op.second_input)], out);
      }
      op.tables.push_back(std::move(table));
      coding.push_back(out);
    }
    result_.tensor_scales.emplace_back();
    result_.tensor_zero_points.emplace_back();
    for (const Affine& tensor : coding) {
      result_.tensor_scales.back().push_back(tensor.scale);
      result_.tensor_zero_points.back().push_back(tensor.zero_point);
    }
  }

  const nn::Graph& graph_;
  const LoweredGraph& lowered_;
  const nested::LevelMaps& maps_;
  std::map<std::string, const Tensor*> arrays_, whole_;
  std::vector<std::vector<double>> weight_scales_;  // [operator][row]
  std::vector<std::vector<RowSums>> binary_sums_;   // [operator][row], of binary convolutions
  std::map<std::size_t, bool> decided_;             // steps whose int8 input has the sign's sign
  QuantisedNetwork result_;
};

}  // namespace

QuantisedNetwork quantise(const nested::Model& model, const LoweredGraph& lowered,
                          const std::vector<std::vector<TensorStatistics>>& statistics, const Affine& input,
                          const nested::Model* whole) {
  if (static_cast<int>(statistics.size()) != model.subnets())
    throw internal_error("quantise: statistics of every subnet are needed");
  return Quantiser(model, lowered, whole).run(statistics, input);
}

QuantisedNetwork quantise(nested::Model& model, const Tensor& images, const Affine& input,
                          const CalibrationProgress& progress, const nested::Model* whole) {
  const LoweredGraph lowered = lower(model.network().graph());
  std::vector<std::vector<TensorStatistics>> statistics;
  for (int subnet = 1; subnet <= model.subnets(); ++subnet)
    statistics.push_back(
        calibrate(model, lowered, subnet, images, [&](std::int64_t done, std::int64_t total) {
          if (progress) progress((subnet - 1) * total + done, model.subnets() * total);
        }));
  return quantise(model, lowered, statistics, input, whole);
}

}  // namespace ns::quant
