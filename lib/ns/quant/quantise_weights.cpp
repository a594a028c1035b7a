#include "ns/quant/quantise_weights.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "ns/base/error.h"

namespace ns::quant {
namespace {

std::uint8_t level_of(const LevelledWeights& w, std::size_t i) {
  const std::size_t row = w.shape.row(), taps = w.shape.taps();
  const std::size_t channel_block = i % row / taps / static_cast<std::size_t>(w.block);
  return w.level[i / row * w.shape.positions(w.block) + channel_block * taps + i % taps];
}

float largest_in_row(const Tensor& values, std::size_t row) {
  const std::int64_t count = values.size() / values.shape()[0];
  const float* begin = values.data() + static_cast<std::int64_t>(row) * count;
  return std::accumulate(begin, begin + count, 0.0f,
                         [](float most, float value) { return std::max(most, std::fabs(value)); });
}

}  // namespace

QuantisedWeights quantise_weights(const std::string& layer, const Tensor& values, const WeightShape& shape,
                                  const nested::LevelMap* map, int subnets, const Tensor* whole) {
  if (static_cast<std::size_t>(values.size()) != shape.count())
    throw input_error("layer \"" + layer + "\": its weights have the shape " + to_string(values.shape()) +
                      ", which is not the graph's");
  QuantisedWeights result;
  LevelledWeights& w = result.weights;
  w = {shape, map ? map->grid().width() : 1, subnets, std::vector<std::int8_t>(shape.count()), {}};
  if (map)
    w.level = map->levels();
  else
    w.level.assign(static_cast<std::size_t>(shape.co) * shape.positions(1), 1);

  const std::size_t row = shape.row();
  for (std::size_t first = 0; first < w.values.size(); first += row) {
    float largest = 0;
    for (std::size_t i = first; i < first + row; ++i) {
      const float value = values[static_cast<std::int64_t>(i)];
      if (!std::isfinite(value))
        throw input_error("layer \"" + layer + "\", output channel " + std::to_string(first / row) +
                          ": a weight is not finite");
      if (level_of(w, i) > 0) largest = std::max(largest, std::fabs(value));
    }
    if (whole) largest = std::max(largest, largest_in_row(*whole, first / row));
    const double scale = static_cast<double>(largest) / 127;
    result.scales.push_back(scale);
    if (scale == 0) continue;
    for (std::size_t i = first; i < first + row; ++i)
      if (level_of(w, i) > 0)
        w.values[i] = static_cast<std::int8_t>(
            std::nearbyint(static_cast<double>(values[static_cast<std::int64_t>(i)]) / scale));
  }
  return result;
}

std::vector<double> mean_rounding_errors(const Tensor& values, const LevelledWeights& w,
                                         std::span<const double> scales, int subnet,
                                         std::span<const double> inputs) {
  std::vector<double> errors(scales.size());
  for (std::size_t i = 0; i < w.values.size(); ++i) {
    const std::uint8_t level = level_of(w, i);
    if (level == 0 || level > subnet) continue;
    const std::size_t row = i / w.shape.row();
    const double lost = static_cast<double>(values[static_cast<std::int64_t>(i)]) - scales[row] * w.values[i];
    errors[row] += lost * inputs[i % inputs.size()];
  }
  return errors;
}

std::vector<RowSums> row_sums(const LevelledWeights& w, int subnet) {
  std::vector<RowSums> sums(static_cast<std::size_t>(w.shape.co));
  for (std::size_t i = 0; i < w.values.size(); ++i) {
    const std::uint8_t level = level_of(w, i);
    if (level == 0 || level > subnet) continue;
    RowSums& row = sums[i / w.shape.row()];
    row.sum += w.values[i];
    row.absolute += std::abs(w.values[i]);
  }
  return sums;
}

}  // namespace ns::quant
