#include "ns/quant/steps.h"

#include <cmath>

#include "ns/base/error.h"
#include "ns/nn/batch_norm.h"

namespace ns::quant {
namespace {

constexpr std::int16_t kAlways = -32768, kNever = 32767;

double at(const Tensor& tensor, std::size_t channel) {
  return static_cast<double>(tensor[static_cast<std::int64_t>(channel)]);
}

/// The least n of low…high with reaches(n), which once true stays true; high +
/// 1 if there is none.
template <class Int, class Reaches>
Int least(Int low, Int high, Reaches reaches) {
  Int end = high + 1;
  while (low < end) {
    const Int middle = low + (end - low) / 2;
    if (reaches(middle))
      end = middle;
    else
      low = middle + 1;
  }
  return end;
}

}  // namespace

SignChain::SignChain(const nn::Graph& graph, const std::vector<int>& before, const std::vector<int>& after,
                     int sign, int subnet, const Arrays& arrays) {
  const auto append = [&](int index) {
    const nn::Layer& layer = graph.layers[static_cast<std::size_t>(index)];
    Layer& result = layers_.emplace_back();
    result.relu = layer.op == nn::Op::kRelu;
    if (result.relu) return;
    const std::string bn = subnet > 1 ? layer.name + "@" + std::to_string(subnet - 1) : layer.name;
    const Tensor &gamma = arrays(bn + ".weight"), &beta = arrays(bn + ".bias"),
                 &mean = arrays(bn + ".running_mean"), &variance = arrays(bn + ".running_var");
    for (std::size_t c = 0; c < static_cast<std::size_t>(gamma.size()); ++c) {
      const double gain = at(gamma, c) / std::sqrt(at(variance, c) + nn::kBatchNormEpsilon);
      result.gain.push_back(gain);
      result.offset.push_back(at(beta, c) - gain * at(mean, c));
      if (!std::isfinite(result.gain.back()) || !std::isfinite(result.offset.back()))
        throw input_error("layer \"" + bn + "\", channel " + std::to_string(c) +
                          ": batch-norm is not finite");
    }
  };
  for (const int layer : before) append(layer);
  after_ = layers_.size();
  for (const int layer : after) append(layer);
  const nn::Layer& layer = graph.layers[static_cast<std::size_t>(sign)];
  highest_ = (1 << layer.bits) - 1;
  if (!layer.shift) return;
  const Tensor& shift = arrays(layer.name + ".shift");
  for (std::size_t c = 0; c < static_cast<std::size_t>(shift.size()); ++c) shift_.push_back(at(shift, c));
}

int SignChain::level(std::size_t channel, double value) const {
  for (const Layer& layer : layers_)
    value = layer.relu ? (value > 0 ? value : 0) : layer.gain[channel] * value + layer.offset[channel];
  if (!shift_.empty()) value += shift_[channel];
  if (highest_ == 1) return value >= 0;
  const double level = std::floor((value + 1) / 2 * highest_ + 0.5);
  return level < 0 ? 0 : level > highest_ ? highest_ : static_cast<int>(level);
}

bool SignChain::falls_after(std::size_t channel) const {
  bool falls = false;
  for (std::size_t i = after_; i < layers_.size(); ++i)
    if (!layers_[i].relu && layers_[i].gain[channel] < 0) falls = !falls;
  return falls;
}

std::vector<std::int16_t> step_row(int low, int high, int highest, const std::function<int(int)>& level) {
  const bool falls = level(low) > level(high);
  std::vector<std::int16_t> row{static_cast<std::int16_t>(falls ? highest : 0)};
  for (int j = 1; j <= highest; ++j) {
    const int threshold =
        least(low, high, [&](int n) { return (falls ? highest - level(n) : level(n)) >= j; });
    row.push_back(threshold == low   ? kAlways
                  : threshold > high ? kNever
                                     : static_cast<std::int16_t>(threshold));
  }
  return row;
}

// With m = 2^31 − 1 the rounded product of x is ≥ 0 from x = −1 on, with −m up
// to x = 1.
SignRow sign_row(std::int64_t low, std::int64_t high, const std::function<bool(std::int64_t)>& passes) {
  constexpr std::int32_t kLargest = 2147483647;
  const bool falls = passes(low) && !passes(high);
  if (falls) {
    const std::int64_t last = least(low, high, [&](std::int64_t acc) { return !passes(acc); }) - 1;
    return {-kLargest, static_cast<std::int32_t>(1 - last)};
  }
  const std::int64_t first = least(low, high, passes);
  return {kLargest, static_cast<std::int32_t>(-first - 1)};
}

}  // namespace ns::quant
