#include "ns/quant/calibrate.h"

#include <algorithm>
#include <span>

#include "ns/base/error.h"
#include "ns/quant/histogram.h"

namespace ns::quant {
namespace {

constexpr std::int64_t kBatch = 128;

/// Runs the images through the network and calls visit(operator index, its output) for every batch.
template <class Visit>
void for_each_output(nn::Network& network, const LoweredGraph& lowered, const Tensor& images, Visit visit,
                     const std::function<void(std::int64_t)>& done) {
  const std::int64_t count = images.shape()[0], stride = images.size() / count;
  for (std::int64_t first = 0; first < count; first += kBatch) {
    const std::int64_t n = std::min(kBatch, count - first);
    Shape shape = images.shape();
    shape[0] = n;
    Tensor batch(shape);
    std::copy_n(images.data() + first * stride, n * stride, batch.data());
    network.forward(batch, nn::Mode::kEval);
    for (std::size_t i = 0; i < lowered.operators.size(); ++i)
      visit(i, network.activation(static_cast<std::size_t>(lowered.operators[i].value)));
    done(n);
  }
}

/// total += the sum of the images of `values`, [n, …].
void add_up(const Tensor& values, std::vector<double>& total) {
  total.resize(static_cast<std::size_t>(values.size() / values.shape()[0]));
  for (std::int64_t i = 0; i < values.size(); ++i)
    total[static_cast<std::size_t>(i) % total.size()] += static_cast<double>(values[i]);
}

}  // namespace

std::vector<TensorStatistics> calibrate(nested::Model& model, const LoweredGraph& lowered, int subnet,
                                        const Tensor& images, const CalibrationProgress& progress) {
  if (images.shape().size() != 4 || images.shape()[0] < 1)
    throw usage_error("calibration needs at least one image");
  const std::int64_t total = 2 * images.shape()[0];
  std::int64_t passed = 0;
  const auto done = [&](std::int64_t n) {
    passed += n;
    if (progress) progress(passed, total);
  };
  nn::Network& network = model.network();
  model.select(subnet);
  network.keep_activations(true);
  std::vector<TensorStatistics> statistics(lowered.tensors.size());
  add_up(images, statistics[0].mean);
  for_each_output(
      network, lowered, images,
      [&](std::size_t i, const Tensor& output) {
        Range& range = statistics[i + 1].range;
        const std::span<const float> values = output.values();
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        range.low = std::min(range.low, static_cast<double>(*low));
        range.high = std::max(range.high, static_cast<double>(*high));
        add_up(output, statistics[i + 1].mean);
      },
      done);
  std::vector<Histogram> histograms;
  for (std::size_t i = 1; i < statistics.size(); ++i)
    histograms.emplace_back(statistics[i].range.low, statistics[i].range.high);
  for_each_output(
      network, lowered, images,
      [&](std::size_t i, const Tensor& output) { histograms[i].add(output.values()); }, done);
  for (std::size_t i = 1; i < statistics.size(); ++i) {
    const Histogram::Limits limits = histograms[i - 1].best_limits();
    statistics[i].range = {limits.low, limits.high};
  }
  for (TensorStatistics& tensor : statistics)
    for (double& mean : tensor.mean) mean /= static_cast<double>(images.shape()[0]);
  network.keep_activations(false);
  return statistics;
}

}  // namespace ns::quant
