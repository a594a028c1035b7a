#include "level_agreement.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "ns/base/error.h"
#include "ns/nn/binary_weights.h"
#include "ns/quant/lowering.h"
#include "ns/quant/quantise_weights.h"
#include "nsrt/nsrt.h"

namespace {

using namespace ns::quant;
using ns::nn::Op;

/// [c][h][w]
struct Planes {
  int h, w, c;
  std::vector<double> values;
  double& at(int channel, int y, int x) {
    return values[static_cast<std::size_t>((channel * h + y) * w + x)];
  }
  double padded(int channel, int y, int x, double padding) const {
    if (y < 0 || x < 0 || y >= h || x >= w) return padding;
    return values[static_cast<std::size_t>((channel * h + y) * w + x)];
  }
};

class Reference {
 public:
  Reference(const ns::nested::Model& model, const QuantisedNetwork& network)
      : graph_(model.network().graph()), lowered_(lower(graph_)), network_(network) {
    for (const ns::nn::Parameter& parameter : model.network().parameters())
      arrays_[parameter.name] = &parameter.value;
    for (const ns::nn::Buffer& buffer : model.network().buffers()) arrays_[buffer.name] = &buffer.value;
  }

  /// tensors[i]: what the runtime computed.
  LevelAgreement compare(const std::vector<std::vector<std::int8_t>>& tensors) const {
    LevelAgreement result;
    for (std::size_t i = 0; i < lowered_.operators.size(); ++i) {
      const LoweredOperator& op = lowered_.operators[i];
      if (op.sign < 0) continue;
      Planes values =
          op.kind == OperatorKind::kBinaryConv ? binary_conv(i, tensors) : step_input(op, tensors);
      for (const int layer : op.before) apply(layer, values);
      std::size_t written = i;
      for (std::size_t j = i + 1; j < lowered_.operators.size(); ++j) {
        if (lowered_.operators[j].flips_of != static_cast<int>(i)) continue;
        values = max_pool(j, values);
        written = j;
      }
      for (const int layer : op.after) apply(layer, values);
      count(op.sign, values, tensors[written + 1], result);
    }
    return result;
  }

 private:
  const ns::nn::Layer& layer(int index) const { return graph_.layers[static_cast<std::size_t>(index)]; }
  double number(const std::string& array, std::int64_t index) const {
    return static_cast<double>((*arrays_.at(array))[index]);
  }
  Planes planes_of(int tensor) const {
    const QuantisedTensor& t = network_.tensors[static_cast<std::size_t>(tensor)];
    return {t.h, t.w, t.c, std::vector<double>(static_cast<std::size_t>(t.count()))};
  }

  /// Σ weight(row, channel, ky, kx) · in, with `padding` around.
  template <class Weight>
  Planes filtered(std::size_t i, const Planes& in, double padding, Weight weight) const {
    const QuantisedOperator& op = network_.operators[i];
    Planes out = planes_of(op.output);
    for (int row = 0; row < out.c; ++row)
      for (int y = 0; y < out.h; ++y)
        for (int x = 0; x < out.w; ++x)
          for (int channel = 0; channel < in.c; ++channel)
            for (int ky = 0; ky < op.kernel[0]; ++ky)
              for (int kx = 0; kx < op.kernel[1]; ++kx)
                out.at(row, y, x) +=
                    weight(((row * in.c + channel) * op.kernel[0] + ky) * op.kernel[1] + kx) *
                    in.padded(channel, y * op.stride[0] + ky - op.pad_top,
                              x * op.stride[1] + kx - op.pad_left, padding);
    return out;
  }

  // Whole sums of ±(2q − L), which double precision holds exactly.
  Planes binary_conv(std::size_t i, const std::vector<std::vector<std::int8_t>>& tensors) const {
    const LoweredOperator& op = lowered_.operators[i];
    const int highest = (1 << lowered_.bits[static_cast<std::size_t>(op.input)]) - 1;
    const auto binary =
        ns::nn::binary_weights(*arrays_.at(layer(op.layer).name + ".weight"), layer(op.layer).scaling);
    Planes in = planes_of(op.input);
    for (std::size_t n = 0; n < in.values.size(); ++n)
      in.values[n] = 2 * tensors[static_cast<std::size_t>(op.input)][n] - highest;
    Planes out =
        filtered(i, in, -highest, [&](int index) { return static_cast<double>(binary.signs[index]); });
    for (std::size_t n = 0; n < out.values.size(); ++n) {
      const auto filter = n / static_cast<std::size_t>(out.h * out.w);
      out.values[n] = static_cast<double>(binary.scale[filter]) * (out.values[n] / highest);
    }
    return out;
  }

  /// What a step reads: the real value of an int8, or, where a convolution decides by its accumulator, of
  /// that.
  Planes step_input(const LoweredOperator& step, const std::vector<std::vector<std::int8_t>>& tensors) const {
    const auto& scales = network_.tensor_scales[0];
    const auto& zero_points = network_.tensor_zero_points[0];
    const auto read = [&](int tensor) {
      const auto t = static_cast<std::size_t>(tensor);
      Planes planes = planes_of(tensor);
      for (std::size_t n = 0; n < planes.values.size(); ++n)
        planes.values[n] = scales[t] * (tensors[t][n] - zero_points[t]);
      return planes;
    };
    if (step.input == 0 || !decides(step.input - 1)) return read(step.input);
    const auto i = static_cast<std::size_t>(step.input - 1);
    const LoweredOperator& op = lowered_.operators[i];
    const LevelledWeights& w = network_.operators[i].weights;
    const auto weights =
        quantise_weights("", *arrays_.at(layer(op.layer).name + ".weight"), w.shape, nullptr, 1);
    // Whole sums again: the scales come afterwards.
    const auto t = static_cast<std::size_t>(op.input);
    Planes in = planes_of(op.input);
    for (std::size_t n = 0; n < in.values.size(); ++n) in.values[n] = tensors[t][n] - zero_points[t];
    Planes out = filtered(
        i, in, 0, [&](int index) { return static_cast<double>(w.values[static_cast<std::size_t>(index)]); });
    for (std::size_t n = 0; n < out.values.size(); ++n)
      out.values[n] *= weights.scales[n / static_cast<std::size_t>(out.h * out.w)] * scales[t];
    if (op.batch_norm >= 0) apply(op.batch_norm, out);
    if (op.relu)
      for (double& value : out.values) value = std::max(value, 0.0);
    return out;
  }

  /// A convolution without bias whose table holds nothing but multipliers of ±(2^31 − 1).
  bool decides(int op) const {
    const auto* table = std::get_if<RowTable>(&network_.operators[static_cast<std::size_t>(op)].tables[0]);
    return table != nullptr && lowered_.operators[static_cast<std::size_t>(op)].kind == OperatorKind::kConv &&
           std::ranges::all_of(table->multiplier,
                               [](std::int32_t m) { return m == INT32_MAX || m == -INT32_MAX; });
  }

  Planes max_pool(std::size_t pool, const Planes& in) const {
    const QuantisedOperator& op = network_.operators[pool];
    Planes out = planes_of(op.output);
    constexpr double kLowest = -std::numeric_limits<double>::infinity();
    for (int c = 0; c < out.c; ++c)
      for (int y = 0; y < out.h; ++y)
        for (int x = 0; x < out.w; ++x) {
          double& largest = out.at(c, y, x);
          largest = kLowest;
          for (int ky = 0; ky < op.kernel[0]; ++ky)
            for (int kx = 0; kx < op.kernel[1]; ++kx)
              largest = std::max(largest, in.padded(c, y * op.stride[0] + ky - op.pad_top,
                                                    x * op.stride[1] + kx - op.pad_left, kLowest));
        }
    return out;
  }

  /// A ReLU or a batch-norm.
  void apply(int index, Planes& values) const {
    const std::string& name = layer(index).name;
    for (std::size_t n = 0; n < values.values.size(); ++n) {
      double& value = values.values[n];
      const auto c = static_cast<std::int64_t>(n / static_cast<std::size_t>(values.h * values.w));
      if (layer(index).op == Op::kRelu) {
        value = std::max(value, 0.0);
      } else {
        const double deviation = std::sqrt(number(name + ".running_var", c) + 1e-5);
        value = (value - number(name + ".running_mean", c)) * (number(name + ".weight", c) / deviation) +
                number(name + ".bias", c);
      }
    }
  }

  void count(int sign, const Planes& values, const std::vector<std::int8_t>& found,
             LevelAgreement& result) const {
    const int highest = (1 << layer(sign).bits) - 1;
    for (std::size_t n = 0; n < values.values.size(); ++n) {
      double value = values.values[n];
      if (layer(sign).shift)
        value += number(layer(sign).name + ".shift",
                        static_cast<std::int64_t>(n / static_cast<std::size_t>(values.h * values.w)));
      const double level =
          highest == 1 ? (value >= 0 ? 1 : 0)
                       : std::clamp(std::floor((value + 1) / 2 * highest + 0.5), 0.0, double(highest));
      ++result.levels;
      result.different += level != found[n];
    }
  }

  const ns::nn::Graph& graph_;
  LoweredGraph lowered_;
  const QuantisedNetwork& network_;
  std::map<std::string, const ns::Tensor*> arrays_;
};

struct alignas(16) Line {
  std::uint8_t bytes[16];
};
std::vector<Line> lines(std::size_t bytes) {
  return std::vector<Line>((bytes + sizeof(Line) - 1) / sizeof(Line));
}

}  // namespace

LevelAgreement level_agreement(const ns::nested::Model& model, const QuantisedNetwork& network,
                               std::span<const std::uint8_t> packed, std::span<const std::int8_t> inputs) {
  std::vector<Line> file = lines(packed.size());
  std::memcpy(file.data(), packed.data(), packed.size());
  nsrt_model opened;
  nsrt_network_info info;
  if (nsrt_open(&opened, file.data(), packed.size()).status != NSRT_OK ||
      nsrt_describe(&opened, 0, &info) != NSRT_OK)
    throw ns::internal_error("level_agreement: no packed model");
  std::vector<Line> arena = lines(info.arena_bytes), output = lines(info.output.bytes);
  const Reference reference(model, network);
  LevelAgreement result;
  for (std::size_t at = 0; at + info.input.bytes <= inputs.size(); at += info.input.bytes) {
    std::vector<std::vector<std::int8_t>> tensors{
        {inputs.begin() + static_cast<std::ptrdiff_t>(at),
         inputs.begin() + static_cast<std::ptrdiff_t>(at + info.input.bytes)}};
    const nsrt_run_options options{[](void* user, unsigned, const void* values, std::uint32_t bytes) {
                                     const auto* first = static_cast<const std::int8_t*>(values);
                                     static_cast<decltype(tensors)*>(user)->emplace_back(first,
                                                                                         first + bytes);
                                   },
                                   &tensors};
    if (nsrt_run(&opened, 0, 1, tensors[0].data(), output.data(), arena.data(), arena.size() * sizeof(Line),
                 &options) != NSRT_OK)
      throw ns::internal_error("level_agreement: the model does not run");
    const LevelAgreement one = reference.compare(tensors);
    result.levels += one.levels;
    result.different += one.different;
  }
  return result;
}
