#include "ns/pack/dense.h"

#include "ns/base/error.h"

namespace ns::pack {
namespace {

std::size_t quads_row_bytes(const WeightShape& shape) {
  return (shape.positions(2) + 1) / 2 * 4;
}
std::size_t rows_row_bytes(const WeightShape& shape) {
  return (shape.row() + 3) / 4 * 4;
}

/// Place of weight (channel, tap) in a row of quads.
std::size_t quad_offset(std::size_t channel, std::size_t tap, std::size_t taps) {
  const std::size_t position = channel / 2 * taps + tap;
  return position / 2 * 4 + channel % 2 * 2 + position % 2;
}

void check(std::size_t found, std::size_t expected) {
  if (found != expected)
    throw internal_error("dense weights: " + std::to_string(found) + " bytes instead of " +
                         std::to_string(expected));
}

/// Calls visit(index in [co][ci][kh][kw], place in the encoded bytes) for every weight.
template <class Visit>
void for_each_quad_weight(const WeightShape& shape, Visit visit) {
  const std::size_t taps = shape.taps(), row = shape.row(), row_bytes = quads_row_bytes(shape);
  for (std::size_t i = 0; i < shape.count(); ++i)
    visit(i, i / row * row_bytes + quad_offset(i % row / taps, i % taps, taps));
}

}  // namespace

std::vector<std::uint8_t> encode_dense_quads(std::span<const std::int8_t> values, const WeightShape& shape) {
  check(values.size(), shape.count());
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(shape.co) * quads_row_bytes(shape));
  for_each_quad_weight(
      shape, [&](std::size_t i, std::size_t at) { bytes[at] = static_cast<std::uint8_t>(values[i]); });
  return bytes;
}

std::vector<std::int8_t> decode_dense_quads(std::span<const std::uint8_t> bytes, const WeightShape& shape) {
  check(bytes.size(), static_cast<std::size_t>(shape.co) * quads_row_bytes(shape));
  std::vector<std::int8_t> values(shape.count());
  for_each_quad_weight(
      shape, [&](std::size_t i, std::size_t at) { values[i] = static_cast<std::int8_t>(bytes[at]); });
  return values;
}

std::vector<std::uint8_t> encode_dense_rows(std::span<const std::int8_t> values, const WeightShape& shape) {
  check(values.size(), shape.count());
  const std::size_t row = shape.row(), row_bytes = rows_row_bytes(shape);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(shape.co) * row_bytes);
  for (std::size_t i = 0; i < values.size(); ++i)
    bytes[i / row * row_bytes + i % row] = static_cast<std::uint8_t>(values[i]);
  return bytes;
}

std::vector<std::int8_t> decode_dense_rows(std::span<const std::uint8_t> bytes, const WeightShape& shape) {
  const std::size_t row = shape.row(), row_bytes = rows_row_bytes(shape);
  check(bytes.size(), static_cast<std::size_t>(shape.co) * row_bytes);
  std::vector<std::int8_t> values(shape.count());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<std::int8_t>(bytes[i / row * row_bytes + i % row]);
  return values;
}

}  // namespace ns::pack
