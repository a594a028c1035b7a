#include "ns/pack/binary.h"

#include "ns/base/error.h"

namespace ns::pack {
namespace {

std::size_t row_bytes(const quant::WeightShape& shape) {
  return (shape.positions(4) + 7) / 8 * 4;
}

}  // namespace

std::size_t binary_bytes(const quant::WeightShape& shape) {
  return static_cast<std::size_t>(shape.co) * row_bytes(shape);
}

std::vector<std::uint8_t> encode_binary(std::span<const std::int8_t> values,
                                        const quant::WeightShape& shape) {
  std::vector<std::uint8_t> bytes(binary_bytes(shape));
  const std::size_t row = shape.row(), taps = shape.taps();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 1 && values[i] != -1)
      throw internal_error("binary weights: weight " + std::to_string(i) + " is neither -1 nor 1");
    const std::size_t channel = i % row / taps, position = channel / 4 * taps + i % taps;
    const std::size_t bit = position * 4 + channel % 4;
    if (values[i] > 0)
      bytes[i / row * row_bytes(shape) + bit / 8] |= static_cast<std::uint8_t>(1U << bit % 8);
  }
  return bytes;
}

}  // namespace ns::pack
