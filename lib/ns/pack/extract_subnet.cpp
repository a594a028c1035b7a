#include "ns/pack/extract_subnet.h"

#include "ns/base/error.h"

namespace ns::pack {

quant::QuantisedNetwork extract_subnet(const quant::QuantisedNetwork& network, int subnet) {
  if (subnet < 1 || subnet > network.subnets)
    throw usage_error("there is no subnet " + std::to_string(subnet),
                      "subnets are numbered 1 to " + std::to_string(network.subnets));
  quant::QuantisedNetwork alone = network;
  const auto index = static_cast<std::size_t>(subnet - 1);
  alone.subnets = 1;
  alone.tensor_scales = {network.tensor_scales[index]};
  if (!network.tensor_zero_points.empty()) alone.tensor_zero_points = {network.tensor_zero_points[index]};
  for (quant::QuantisedOperator& op : alone.operators) {
    op.tables = {op.tables[index]};
    if (!op.winners.empty()) op.winners = {op.winners[index]};
    quant::LevelledWeights& w = op.weights;
    w.levels = 1;
    for (std::uint8_t& level : w.level) level = level > 0 && level <= subnet ? 1 : 0;
    const std::size_t row = w.shape.row(), taps = w.shape.taps();
    for (std::size_t i = 0; i < w.values.size(); ++i) {
      const std::size_t position = i % row / taps / static_cast<std::size_t>(w.block) * taps + i % taps;
      if (w.level[i / row * w.shape.positions(w.block) + position] == 0) w.values[i] = 0;
    }
  }
  return alone;
}

}  // namespace ns::pack
