#include "ns/quant/requant_table.h"

#include <algorithm>
#include <cmath>

#include "ns/base/error.h"

namespace ns::quant {
namespace {

constexpr double kTwo32 = 4294967296.0;
constexpr std::int64_t kInt32Limit = std::int64_t{1} << 31;
constexpr std::int64_t kLeastMultiplier = 512, kEmptyRowMultiplier = 1 << 24;
constexpr std::int64_t kNarrowLimit = 32767;  // 16 bits, symmetric
// What rounding to 16 bits may move an output by, in its steps: of int8, at full swing, and of a logit,
// 1/256.
constexpr double kMultiplierTolerance8 = 1.0 / 8, kBiasTolerance8 = 1.0 / 16, kTolerance16 = 1;
constexpr double kMargin = 1 + 1e-6;  // keeps a multiplier that sits at its limit below it after rounding

std::string place(const std::string& layer, std::size_t row) {
  return "layer \"" + layer + "\", output channel " + std::to_string(row);
}

struct Row {
  std::int64_t multiplier, bias;
};

/// Bias for a given multiplier: the constant plus the input zero point's share. A constant that saturates the
/// output whatever the accumulator holds is cut to the smallest one that does.
std::int64_t bias_for(std::int64_t multiplier, double constant, std::int64_t zero_point_share,
                      std::int64_t acc_limit, double output_span) {
  const double always_saturated = (output_span + 2) * kTwo32 / std::fabs(static_cast<double>(multiplier)) +
                                  static_cast<double>(acc_limit);
  const double bias =
      constant * kTwo32 / static_cast<double>(multiplier) - static_cast<double>(zero_point_share);
  return std::llround(std::clamp(bias, -always_saturated, always_saturated));
}

std::int64_t round_up(std::int64_t x, std::int64_t step) {
  return (x + step - 1) / step * step;
}

/// With a multiplier that is a multiple of `step`, a power of two.
Row row_for(const RowFunction& row, const RowSums& sums, const Affine& input, const Affine& output,
            double output_span, std::int64_t step) {
  const double constant = row.offset / output.scale;
  if (sums.absolute == 0) {
    const std::int64_t multiplier = step == 1 ? kEmptyRowMultiplier : (kNarrowLimit + 1) / 2 * step;
    return {multiplier, bias_for(multiplier, constant, 0, 0, output_span)};
  }
  const double exact = kTwo32 * input.scale * row.weight_scale * row.gain / output.scale;
  const std::int64_t sign = row.gain < 0 ? -1 : 1;
  std::int64_t magnitude =
      std::llround(std::min(std::fabs(exact), kTwo32) / static_cast<double>(step)) * step;
  if (step > 1) magnitude = std::min(magnitude, kNarrowLimit * step);
  magnitude = std::max(round_up(kLeastMultiplier, step), magnitude);
  const std::int64_t acc_limit = sums.absolute * 128, zero_point_share = input.zero_point * sums.sum;
  while (true) {
    const std::int64_t bias = bias_for(sign * magnitude, constant, zero_point_share, acc_limit, output_span);
    if (std::llabs(bias) + acc_limit < kInt32Limit || magnitude >= kInt32Limit)
      return {sign * magnitude, bias};
    magnitude = round_up(magnitude + 1 + magnitude / 64, step);
  }
}

/// The least power of two of which `largest` is no more than 32767 times.
std::int64_t narrow_step(std::int64_t largest) {
  int shift = 0;
  while (largest >> shift > kNarrowLimit) ++shift;
  return std::int64_t{1} << shift;
}

bool overflows(const Row& row, const RowSums& sums) {
  return std::llabs(row.bias) + sums.absolute * 128 >= kInt32Limit;
}

/// What a multiplier's error does to the outputs, at most, in steps: an accumulator is no larger than the
/// weights allow, nor than what saturates the output.
double multiplier_error(double error, std::int64_t multiplier, const RowSums& sums, double output_span) {
  const double reach = std::min(255.0 * static_cast<double>(sums.absolute),
                                output_span * kTwo32 / std::fabs(static_cast<double>(multiplier)));
  return error * reach / kTwo32;
}

/// Rounds all multipliers to 16 bits times one power of two, unless that can move an output by more than
/// `tolerance` steps. The biases follow.
void narrow_multipliers(std::vector<Row>& rows, std::span<const RowFunction> functions,
                        std::span<const RowSums> sums, const Affine& input, const Affine& output,
                        double output_span, double tolerance) {
  std::int64_t largest = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (sums[i].absolute > 0) largest = std::max<std::int64_t>(largest, std::llabs(rows[i].multiplier));
  const std::int64_t step = narrow_step(largest == 0 ? kEmptyRowMultiplier : largest);
  std::vector<Row> narrow;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    narrow.push_back(row_for(functions[i], sums[i], input, output, output_span, step));
    const auto error = static_cast<double>(std::llabs(narrow[i].multiplier - rows[i].multiplier));
    if (overflows(narrow[i], sums[i]) || std::llabs(narrow[i].multiplier) > kNarrowLimit * step ||
        multiplier_error(error, rows[i].multiplier, sums[i], output_span) > tolerance)
      return;
  }
  rows = std::move(narrow);
}

/// The same for biases.
void narrow_biases(std::vector<Row>& rows, std::span<const RowSums> sums, double tolerance) {
  std::int64_t largest = 0;
  for (const Row& row : rows) largest = std::max<std::int64_t>(largest, std::llabs(row.bias));
  const std::int64_t step = narrow_step(largest);
  std::vector<Row> narrow = rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t count = (std::llabs(rows[i].bias) + step / 2) / step;
    narrow[i].bias = std::min(count, kNarrowLimit) * step * (rows[i].bias < 0 ? -1 : 1);
    const auto error = static_cast<double>(std::llabs(narrow[i].bias - rows[i].bias));
    if (overflows(narrow[i], sums[i]) ||
        error * std::fabs(static_cast<double>(rows[i].multiplier)) / kTwo32 > tolerance)
      return;
  }
  rows = std::move(narrow);
}

}  // namespace

double least_output_scale(std::span<const RowFunction> rows, std::span<const RowSums> sums,
                          double input_scale) {
  double least = 0;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (sums[i].absolute > 0)
      least = std::max(least, 2 * kMargin * input_scale * rows[i].weight_scale * std::fabs(rows[i].gain));
  return least;
}

RowTable row_table(const std::string& layer, std::span<const RowFunction> rows, std::span<const RowSums> sums,
                   const Affine& input, const Affine& output, bool int16_output, int most_factor) {
  const double output_span = int16_output ? 65535 : 255;
  std::vector<Row> exact;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!std::isfinite(rows[i].gain) || !std::isfinite(rows[i].offset) ||
        !std::isfinite(rows[i].weight_scale))
      throw input_error(place(layer, i) + ": weights, bias or batch-norm are not finite");
    const Row row = row_for(rows[i], sums[i], input, output, output_span, 1);
    if (std::llabs(row.multiplier) * most_factor >= kInt32Limit)
      throw input_error(
          place(layer, i) + ": one step of the accumulator exceeds half a step of the output",
          "the weights of this layer are far larger than its output's unit; train with weight decay");
    if (overflows(row, sums[i])) throw input_error(place(layer, i) + ": the 32-bit accumulator may overflow");
    exact.push_back(row);
  }
  narrow_multipliers(exact, rows, sums, input, output, output_span,
                     (int16_output ? kTolerance16 : kMultiplierTolerance8) / most_factor);
  narrow_biases(exact, sums, (int16_output ? kTolerance16 : kBiasTolerance8) / most_factor);
  RowTable table{input.zero_point, output.zero_point, {}, {}};
  for (const Row& row : exact) {
    table.multiplier.push_back(static_cast<std::int32_t>(row.multiplier));
    table.bias.push_back(static_cast<std::int32_t>(row.bias));
  }
  return table;
}

AvgPoolTable avg_pool_table(const std::string& layer, int count, const Affine& input, const Affine& output) {
  AvgPoolTable table{0, -count * input.zero_point, output.zero_point, 0};
  const double exact = kTwo32 * input.scale / (output.scale * count);
  while (std::ldexp(exact, -table.left_shift) * kMargin >= static_cast<double>(kInt32Limit))
    ++table.left_shift;
  if (table.left_shift > 30 || (std::int64_t{256} * count) << table.left_shift >= kInt32Limit)
    throw input_error("layer \"" + layer + "\": the 32-bit sum of the average pool may overflow");
  table.multiplier = static_cast<std::int32_t>(std::llround(std::ldexp(exact, -table.left_shift)));
  return table;
}

AddTable add_table(const std::string& layer, const Affine& a, const Affine& b, const Affine& output) {
  for (int shift = 30; shift >= 0; --shift) {
    const double m0 = std::nearbyint(std::ldexp(a.scale / output.scale, shift)),
                 m1 = std::nearbyint(std::ldexp(b.scale / output.scale, shift));
    if (m0 > 32767 || m1 > 32767) continue;
    const auto i0 = static_cast<std::int64_t>(m0), i1 = static_cast<std::int64_t>(m1);
    const std::int64_t half = shift == 0 ? 0 : std::int64_t{1} << (shift - 1);
    const std::int64_t bias =
        output.zero_point * (std::int64_t{1} << shift) + half - a.zero_point * i0 - b.zero_point * i1;
    if (std::llabs(bias) + 128 * (i0 + i1) >= kInt32Limit) continue;
    return {static_cast<int>(i0), static_cast<int>(i1), static_cast<std::int32_t>(bias), shift};
  }
  throw input_error("layer \"" + layer +
                    "\": one addend's steps are more than 32767 times as large as the sum's");
}

ConcatTable concat_table(const std::string& layer, const Affine& a, const Affine& b, const Affine& output) {
  const std::array<Affine, 2> inputs{a, b};
  for (int shift = 30; shift >= 0; --shift) {
    ConcatTable table;
    table.shift = shift;
    bool fits = true;
    for (std::size_t i = 0; i < 2; ++i) {
      const double exact = std::nearbyint(std::ldexp(inputs[i].scale / output.scale, shift));
      if (exact > 32767) {
        fits = false;
        break;
      }
      const auto multiplier = static_cast<std::int64_t>(exact);
      const std::int64_t half = shift == 0 ? 0 : std::int64_t{1} << (shift - 1);
      const std::int64_t bias =
          output.zero_point * (std::int64_t{1} << shift) + half - inputs[i].zero_point * multiplier;
      fits = fits && std::llabs(bias) + 128 * multiplier < kInt32Limit;
      table.multiplier[i] = static_cast<int>(multiplier);
      table.bias[i] = static_cast<std::int32_t>(bias);
    }
    if (fits) return table;
  }
  throw input_error("layer \"" + layer +
                    "\": one input's steps are more than 32767 times as large as the output's");
}

Affine affine_for(double low, double high, bool after_relu, double least_scale) {
  if (after_relu) low = 0;
  double scale = std::max((high - low) / 255, least_scale);
  if (scale <= 0) scale = 1;  // a tensor that is zero everywhere
  if (after_relu) return {scale, -128};
  // A scale that was enlarged leaves room on both sides; the range stays centred in it.
  const double spare = 255 * scale - (high - low);
  const double zero_point = std::nearbyint(-128 - (low - spare / 2) / scale);
  return {scale, static_cast<int>(std::clamp(zero_point, -128.0, 127.0))};
}

}  // namespace ns::quant
