// Small packed models that together use every feature of the format. The weights are random, the tables
// plausible.
#pragma once

#include <algorithm>
#include <random>

#include "ns/pack/nsm_writer.h"
#include "ns/quant/quantise_weights.h"
#include "ns/quant/requant_table.h"

namespace sample {

using namespace ns::quant;

/// Builds networks operator by operator; real-valued tables of unit gain, random weights and levels.
class Builder {
 public:
  Builder(int h, int w, int c, int subnets, unsigned seed) : rng_(seed) {
    network_.subnets = subnets;
    network_.input_scale = 1.0 / 128;
    network_.tensors.push_back({h, w, c, false});
    coding_.push_back({1.0 / 128, 0});
  }

  /// block 0: dense. Returns the output tensor.
  int conv(int input, int filters, int kernel, int stride, int block) {
    const QuantisedTensor in = tensor(input);
    const int pad = kernel / 2;
    const auto windows = [&](int extent) { return (extent + 2 * pad - kernel) / stride + 1; };
    QuantisedOperator op =
        make("conv", OperatorKind::kConv, input, {windows(in.h), windows(in.w), filters, false});
    op.kernel = {kernel, kernel};
    op.stride = {stride, stride};
    op.pad_top = op.pad_left = pad;
    op.second_input = gate_;
    for (int k = 1; gate_ >= 0 && k <= network_.subnets; ++k) op.winners.push_back(k + 1);
    fill(op, {filters, in.c, kernel, kernel}, block);
    return append(std::move(op));
  }
  /// Saliencies from the means of a square input; subnet k computes k + 1 of the filters.
  int gated_conv(int input, int filters, int kernel, int stride) {
    const int saliency = linear(avg_pool(input, tensor(input).h), filters, 0, false);
    gate_ = saliency;
    const int result = conv(input, filters, kernel, stride, 0);
    gate_ = -1;
    return result;
  }
  int dwconv(int input, int kernel) {
    const QuantisedTensor in = tensor(input);
    QuantisedOperator op = make("dwconv", OperatorKind::kDepthwiseConv, input, in);
    op.kernel = {kernel, kernel};
    op.pad_top = op.pad_left = kernel / 2;
    fill(op, {in.c, 1, kernel, kernel}, 0);
    return append(std::move(op));
  }
  int linear(int input, int units, int block, bool int16) {
    QuantisedOperator op = make("linear", OperatorKind::kLinear, input, {1, 1, units, int16});
    fill(op, {units, tensor(input).count(), 1, 1}, block);
    return append(std::move(op));
  }
  int max_pool(int input, int kernel) { return pool(input, kernel, OperatorKind::kMaxPool); }
  int avg_pool(int input, int kernel) { return pool(input, kernel, OperatorKind::kAvgPool); }
  int add(int a, int b) {
    QuantisedOperator op = make("add", OperatorKind::kAdd, a, tensor(a));
    op.second_input = b;
    for (int k = 0; k < network_.subnets; ++k)
      op.tables.push_back(add_table(op.layer, coding(a), coding(b), kActivation));
    return append(std::move(op));
  }
  /// Levels of `bits` bits, in place.
  int step(int input, int bits) {
    QuantisedOperator op = make("step", OperatorKind::kStep, input, levels_like(tensor(input), bits));
    for (int k = 0; k < network_.subnets; ++k) op.tables.push_back(steps(tensor(input).c, bits, 200));
    return append(std::move(op));
  }
  /// Writes levels of `bits` bits, or int8 where that is 0.
  int bconv(int input, int filters, int kernel, int stride, int bits) {
    const QuantisedTensor in = tensor(input);
    const int pad = kernel / 2;
    const auto windows = [&](int extent) { return (extent + 2 * pad - kernel) / stride + 1; };
    QuantisedOperator op = make("bconv", OperatorKind::kBinaryConv, input,
                                levels_like({windows(in.h), windows(in.w), filters, false}, bits));
    op.kernel = {kernel, kernel};
    op.stride = {stride, stride};
    op.pad_top = op.pad_left = pad;
    LevelledWeights& w = op.weights;
    w = {{filters, in.c, kernel, kernel}, 1, network_.subnets, {}, {}};
    w.level.assign(w.shape.count(), 1);
    for (std::size_t i = 0; i < w.shape.count(); ++i) w.values.push_back(rng_() % 2 == 0 ? -1 : 1);
    const std::vector<RowSums> sums = row_sums(w, 1);
    const std::vector<RowFunction> rows(sums.size(), {0.008, 1, 0.5});
    for (int k = 0; k < network_.subnets; ++k) {
      if (bits == 0) {
        op.tables.emplace_back(row_table(op.layer, rows, sums, {1, 0}, kActivation, false));
      } else {
        op.tables.emplace_back(steps(filters, bits, static_cast<int>(4 + w.shape.row() / 8)));
      }
    }
    return append(std::move(op));
  }
  /// Of levels, every third channel turned round.
  int level_pool(int input, int kernel) {
    const QuantisedTensor in = tensor(input);
    QuantisedOperator op = make("pool", OperatorKind::kMaxPool, input,
                                levels_like({in.h / kernel, in.w / kernel, in.c, false}, in.bits));
    op.kernel = op.stride = {kernel, kernel};
    FlipTable flips;
    for (int c = 0; c < in.c; ++c) flips.flips.push_back(c % 3 == 1);
    op.tables.assign(static_cast<std::size_t>(network_.subnets), flips);
    return append(std::move(op));
  }
  int concat(int a, int b) {
    QuantisedTensor out = tensor(a);
    out.c += tensor(b).c;
    QuantisedOperator op = make("concat", OperatorKind::kConcat, a, out);
    op.second_input = b;
    for (int k = 0; k < network_.subnets; ++k)
      op.tables.push_back(concat_table(op.layer, coding(a), coding(b), kActivation));
    return append(std::move(op));
  }

  /// Makes two maps of a grid a detector's scale.
  void detector_scale(int scores, int boxes, std::vector<std::array<float, 2>> sizes) {
    network_.detector.classes = tensor(scores).c / static_cast<int>(sizes.size()) - 1;
    network_.detector.scales.push_back({scores, boxes, std::move(sizes)});
  }

  ns::pack::NetworkDescription description(const std::string& name) {
    ns::pack::NetworkDescription result;
    result.name = name;
    result.classes = {"first", "second", "third"};
    for (int k = 1; k <= network_.subnets; ++k) result.sparsities.push_back(1 - 0.1 * k);
    network_.tensor_scales.assign(static_cast<std::size_t>(network_.subnets), {});
    for (auto& scales : network_.tensor_scales)
      for (const Affine& coding : coding_) scales.push_back(coding.scale);
    network_.tensor_zero_points.assign(static_cast<std::size_t>(network_.subnets), {});
    for (auto& zero_points : network_.tensor_zero_points)
      for (const Affine& coding : coding_) zero_points.push_back(coding.zero_point);
    for (int i = 0; i < tensor(0).count(); ++i)
      result.test_input.push_back(static_cast<std::int8_t>(rng_() % 256 - 128));
    result.network = network_;
    return result;
  }

 private:
  static constexpr Affine kActivation{0.02, -128};

  const QuantisedTensor& tensor(int i) const { return network_.tensors[static_cast<std::size_t>(i)]; }
  const Affine& coding(int i) const { return coding_[static_cast<std::size_t>(i)]; }

  static QuantisedTensor levels_like(QuantisedTensor tensor, int bits) {
    tensor.bits = bits;
    return tensor;
  }
  /// Thresholds somewhere in the middle `spread` of the values; every other channel turned round.
  StepTable steps(int channels, int bits, int spread) {
    const int highest = (1 << bits) - 1;
    StepTable table;
    for (int c = 0; c < channels; ++c) {
      std::vector<std::int16_t> row;
      for (int j = 0; j < highest; ++j)
        row.push_back(
            static_cast<std::int16_t>(static_cast<int>(rng_() % static_cast<unsigned>(spread)) - spread / 2));
      std::sort(row.begin(), row.end());
      table.rows.push_back(static_cast<std::int16_t>(c % 2 == 0 ? 0 : highest));
      table.rows.insert(table.rows.end(), row.begin(), row.end());
    }
    return table;
  }

  // By value: it may be one of the tensors that grow here.
  QuantisedOperator make(const char* name, OperatorKind kind, int input, QuantisedTensor output) {
    QuantisedOperator op;
    op.layer = name + std::to_string(network_.operators.size());
    op.kind = kind;
    op.input = input;
    op.output = static_cast<int>(network_.tensors.size());
    network_.tensors.push_back(output);
    coding_.push_back(output.is_int16 ? Affine{1.0 / 256, 0} : kActivation);
    return op;
  }
  int append(QuantisedOperator op) {
    network_.operators.push_back(std::move(op));
    return static_cast<int>(network_.tensors.size()) - 1;
  }
  int pool(int input, int kernel, OperatorKind kind) {
    const QuantisedTensor in = tensor(input);
    QuantisedOperator op =
        make("pool", kind, input, {(in.h - kernel) / kernel + 1, (in.w - kernel) / kernel + 1, in.c, false});
    op.kernel = op.stride = {kernel, kernel};
    if (kind == OperatorKind::kMaxPool) coding_.back() = coding(input);
    for (int k = 0; k < network_.subnets; ++k) {
      if (kind == OperatorKind::kMaxPool) {
        op.tables.emplace_back();
      } else {
        op.tables.emplace_back(avg_pool_table(op.layer, kernel * kernel, coding(input), kActivation));
      }
    }
    return append(std::move(op));
  }
  void fill(QuantisedOperator& op, const WeightShape& shape, int block) {
    LevelledWeights& w = op.weights;
    w = {shape, block == 0 ? 1 : block, network_.subnets, std::vector<std::int8_t>(shape.count()), {}};
    w.level.assign(static_cast<std::size_t>(shape.co) * shape.positions(w.block), 1);
    if (block != 0)
      for (auto& level : w.level) {
        const auto draw = static_cast<int>(rng_() % 10);
        level = static_cast<std::uint8_t>(draw <= network_.subnets ? draw : 0);
      }
    for (std::size_t i = 0; i < w.values.size(); ++i) {
      const std::size_t channel = i % shape.row() / shape.taps() / static_cast<std::size_t>(w.block);
      const std::size_t at =
          i / shape.row() * shape.positions(w.block) + channel * shape.taps() + i % shape.taps();
      const int value = static_cast<int>(rng_() % 255) - 127;
      w.values[i] = static_cast<std::int8_t>(w.level[at] == 0 ? 0 : value);
    }
    const Affine out = coding(op.output);
    for (int k = 1; k <= network_.subnets; ++k) {
      const std::vector<RowSums> sums = row_sums(w, k);
      std::vector<RowFunction> rows(sums.size(), {0.001, 1, 0.1});
      for (std::size_t row = 0; row < rows.size(); ++row) rows[row].gain = row % 3 == 2 ? -0.5 : 1.0 / k;
      op.tables.push_back(row_table(op.layer, rows, sums, coding(op.input), out, tensor(op.output).is_int16,
                                    op.winners.empty() ? 1 : 255));
    }
  }

  std::mt19937 rng_;
  QuantisedNetwork network_;
  std::vector<Affine> coding_;
  int gate_ = -1;  // of the convolution that is being added
};

/// Residual block, every operator, dense and nested weights, three subnets.
inline ns::pack::NetworkDescription nested_network() {
  Builder b(6, 6, 1, 3, 1);
  const int stem = b.conv(0, 4, 3, 1, 0);
  const int branch = b.conv(b.conv(stem, 4, 3, 1, 2), 4, 1, 1, 4);
  const int sum = b.add(stem, branch);
  const int wide = b.dwconv(b.max_pool(sum, 2), 3);
  return (b.linear(b.avg_pool(wide, 3), 3, 0, true), b.description("nested"));
}

/// One subnet, odd channel counts, sparse classifier, int8 output.
inline ns::pack::NetworkDescription single_network() {
  Builder b(5, 4, 3, 1, 2);
  const int conv = b.conv(0, 5, 3, 2, 1);
  return (b.linear(conv, 3, 2, false), b.description("single"));
}

/// One subnet; takes and answers what nested_network does.
inline ns::pack::NetworkDescription partner_network() {
  Builder b(6, 6, 1, 1, 5);
  const int conv = b.conv(0, 3, 3, 2, 0);
  return (b.linear(b.avg_pool(conv, 3), 3, 0, true), b.description("partner"));
}

/// Binary convolutions over levels of 1, 2 and 3 bits, levels that a max pool turns round, a step over int8,
/// a concatenation; two subnets.
inline ns::pack::NetworkDescription binary_network() {
  Builder b(9, 10, 3, 2, 3);
  const int stem = b.conv(0, 5, 3, 1, 0);
  const int pooled = b.level_pool(b.bconv(b.step(stem, 1), 37, 3, 1, 2), 2);
  const int wide = b.bconv(pooled, 7, 1, 1, 0);
  const int narrow = b.bconv(b.level_pool(b.bconv(b.step(stem, 3), 6, 3, 1, 3), 2), 4, 3, 1, 0);
  return (b.linear(b.concat(wide, narrow), 3, 0, true), b.description("binary"));
}

/// Two gated convolutions, three subnets.
inline ns::pack::NetworkDescription gated_network() {
  Builder b(6, 6, 2, 3, 4);
  const int first = b.gated_conv(0, 4, 3, 1);
  return (b.linear(b.gated_conv(first, 5, 3, 2), 3, 0, true), b.description("gated"));
}

/// Two scales of two and one default boxes, two classes, two subnets; one of the outputs has a reader.
inline ns::pack::NetworkDescription detector_network() {
  Builder b(9, 10, 3, 2, 6);
  const int stem = b.conv(0, 6, 3, 1, 0);
  const int scores = b.conv(stem, 6, 3, 1, 2), boxes = b.conv(stem, 8, 1, 1, 2);
  const int half = b.conv(scores, 5, 3, 2, 1);
  const int coarse_scores = b.conv(half, 3, 1, 1, 0), coarse_boxes = b.conv(half, 4, 3, 1, 4);
  b.detector_scale(scores, boxes, {{0.2f, 0.3f}, {0.4f, 0.25f}});
  b.detector_scale(coarse_scores, coarse_boxes, {{0.6f, 0.7f}});
  return b.description("detector");
}

inline ns::pack::Provenance provenance() {
  return {{"aa"}, 7, "bb", {{"seed", 7}}, {{"subnet", 0}}};
}

}  // namespace sample
