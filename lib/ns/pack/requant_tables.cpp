#include "ns/pack/requant_tables.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "ns/base/bytes.h"

namespace ns::pack {
namespace {

constexpr int kMostShift = 16;

/// The shift with which all numbers fit 16 bits, if there is one that loses nothing.
std::optional<int> narrow_shift(const std::vector<std::int32_t>& numbers) {
  std::int64_t largest = 0;
  for (const std::int64_t number : numbers) largest = std::max<std::int64_t>(largest, std::llabs(number));
  int shift = 0;
  while (largest >> shift > 32767) ++shift;
  const std::int64_t step = std::int64_t{1} << shift;
  const bool exact =
      std::all_of(numbers.begin(), numbers.end(), [&](std::int32_t number) { return number % step == 0; });
  return exact && shift <= kMostShift ? std::optional(shift) : std::nullopt;
}

void write_numbers(ByteWriter& out, const std::vector<std::int32_t>& numbers, bool narrow) {
  const int shift = narrow ? *narrow_shift(numbers) : 0;
  for (const std::int32_t number : numbers)
    if (narrow)
      out.write(static_cast<std::int16_t>(number / (1 << shift)));
    else
      out.write(number);
}

void write_rows(ByteWriter& out, const quant::RowTable& table, std::uint8_t form) {
  const bool narrow_multipliers = (form & kNarrowMultipliers) != 0,
             narrow_biases = (form & kNarrowBiases) != 0;
  out.write(static_cast<std::int8_t>(table.input_zero_point));
  out.write(static_cast<std::int8_t>(table.output_zero_point));
  out.write(static_cast<std::uint8_t>(narrow_multipliers ? *narrow_shift(table.multiplier) : 0));
  out.write(static_cast<std::uint8_t>(narrow_biases ? *narrow_shift(table.bias) : 0));
  if (form == kWideTables) {
    for (std::size_t row = 0; row < table.bias.size(); ++row) {
      out.write(table.multiplier[row]);
      out.write(table.bias[row]);
    }
  } else if (form == kNarrowBiases) {
    write_numbers(out, table.multiplier, false);
    write_numbers(out, table.bias, true);
  } else {
    write_numbers(out, table.bias, narrow_biases);
    write_numbers(out, table.multiplier, true);
  }
}

void write_table(ByteWriter& out, const quant::RequantTable& table, std::uint8_t form) {
  if (const auto* rows = std::get_if<quant::RowTable>(&table)) {
    write_rows(out, *rows, form);
  } else if (const auto* pool = std::get_if<quant::AvgPoolTable>(&table)) {
    out.write(pool->multiplier);
    out.write(pool->bias);
    out.write(static_cast<std::int8_t>(pool->output_zero_point));
    out.write(static_cast<std::uint8_t>(pool->left_shift));
  } else if (const auto* add = std::get_if<quant::AddTable>(&table)) {
    out.write(static_cast<std::int16_t>(add->m0));
    out.write(static_cast<std::int16_t>(add->m1));
    out.write(add->bias);
    out.write(static_cast<std::uint8_t>(add->shift));
  } else if (const auto* steps = std::get_if<quant::StepTable>(&table)) {
    for (const std::int16_t number : steps->rows) out.write(number);
  } else if (const auto* flip = std::get_if<quant::FlipTable>(&table)) {
    for (std::size_t first = 0; first < flip->flips.size(); first += 32) {
      std::uint32_t word = 0;
      for (std::size_t i = first; i < flip->flips.size() && i < first + 32; ++i)
        word |= std::uint32_t{flip->flips[i]} << (i - first);
      out.write(word);
    }
  } else if (const auto* concat = std::get_if<quant::ConcatTable>(&table)) {
    for (const int multiplier : concat->multiplier) out.write(static_cast<std::int16_t>(multiplier));
    for (const std::int32_t bias : concat->bias) out.write(bias);
    out.write(static_cast<std::uint8_t>(concat->shift));
  }
  out.align(4);
}

}  // namespace

std::uint8_t table_form(const quant::QuantisedOperator& op) {
  if (op.kind == quant::OperatorKind::kLinear) return kWideTables;
  std::uint8_t form = kNarrowMultipliers | kNarrowBiases;
  for (const quant::RequantTable& table : op.tables) {
    const auto* rows = std::get_if<quant::RowTable>(&table);
    if (!rows) return kWideTables;
    if (!narrow_shift(rows->multiplier)) form &= static_cast<std::uint8_t>(~kNarrowMultipliers);
    if (!narrow_shift(rows->bias)) form &= static_cast<std::uint8_t>(~kNarrowBiases);
  }
  return form;
}

std::vector<std::uint8_t> encode_tables(const quant::QuantisedOperator& op, std::uint8_t form) {
  ByteWriter out;
  for (std::size_t subnet = 0; subnet < op.tables.size(); ++subnet) {
    write_table(out, op.tables[subnet], form);
    if (op.winners.empty()) continue;
    out.write(static_cast<std::uint16_t>(op.winners[subnet]));
    out.write(std::uint16_t{0});
  }
  return out.bytes();
}

}  // namespace ns::pack
