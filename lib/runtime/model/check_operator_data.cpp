#include "model/check.h"
#include "model/weight_rows.h"

namespace nsrt {
namespace {

constexpr std::uint32_t kAccumulatorLimit = (std::uint32_t{1} << 31) - 1;
constexpr std::uint32_t kActivationLimit = 128;
constexpr std::uint32_t kLeastMultiplier = 512;
constexpr std::uint32_t kMostSaliency = 255;  // that a gated convolution's multiplier meets

constexpr std::uint32_t magnitude(std::int32_t x) {
  const auto bits = static_cast<std::uint32_t>(x);
  return x < 0 ? 0 - bits : bits;
}

// Offsets and sizes of weights and tables inside their sections.
Fault check_extents(const NetworkView& net, const OperatorView& op, std::uint32_t index) {
  const std::uint32_t at = net.section(SectionType::kOperators).file_offset + index * kOperatorBytes;
  if (op.encoding == WeightEncoding::kNone) {
    if (op.weights_offset != 0 || op.weights_bytes != 0) return fault(NSRT_BAD_WEIGHTS, at + 16, index);
  } else {
    const bool sparse = is_nested(op.encoding);
    const Region& section = net.section(weights_section(op.encoding));
    if (op.weights_offset % 4 != 0 || !section.contains(op.weights_offset, op.weights_bytes)) {
      return fault(NSRT_BAD_WEIGHTS, at + 16, index);
    }
    const WeightRows rows(net, op);
    if (sparse ? op.weights_bytes < rows.least_nested_bytes() : op.weights_bytes != rows.dense_bytes()) {
      return fault(NSRT_BAD_WEIGHTS, at + 20, index);
    }
  }
  const std::uint64_t table = requant_table_bytes(op, net.tensor(op.output));
  if (op.requant_bytes != net.subnets() * table) return fault(NSRT_BAD_REQUANT, at + 28, index);
  if (op.requant_offset % 4 != 0 || (table == 0 && op.requant_offset != 0) ||
      !net.section(SectionType::kRequant).contains(op.requant_offset, op.requant_bytes)) {
    return fault(NSRT_BAD_REQUANT, at + 24, index);
  }
  return kNoFault;
}

// Row `row` of every subnet's table: multipliers in range, and no input carries acc + bias beyond int32.
Fault check_requant_row(const NetworkView& net, const OperatorView& op, std::uint32_t row,
                        const RowMagnitudes& weights) {
  for (unsigned k = 1; k <= net.subnets(); ++k) {
    const Region bytes = net.requant(op, k);
    const RowTableView table(bytes, op.table_form, net.tensor(op.output).c);
    const RequantRow requant = table.row(row);
    const std::uint32_t multiplier = magnitude(requant.multiplier);
    const std::uint32_t most = op.gated() ? kAccumulatorLimit / kMostSaliency : kAccumulatorLimit;
    if (multiplier < kLeastMultiplier || multiplier > most) {
      return fault(NSRT_BAD_REQUANT, bytes.file_offset + table.multiplier_at(row), row);
    }
    if (weights[k - 1] * kActivationLimit + magnitude(requant.bias) > kAccumulatorLimit) {
      return fault(NSRT_BAD_REQUANT, bytes.file_offset + table.bias_at(row), row);
    }
  }
  return kNoFault;
}

// Thresholds rise, a flip turns all levels round.
Fault check_steps(const NetworkView& net, const OperatorView& op) {
  const TensorView out = net.tensor(op.output);
  const std::uint32_t steps = out.highest_level(), end = 2 * out.c * (steps + 1);
  for (unsigned k = 1; k <= net.subnets(); ++k) {
    const Region table = net.requant(op, k);
    for (std::uint32_t at = 0; at < end; at += 2) {
      const std::uint32_t place = at / 2 % (steps + 1);
      const bool good = place == 0   ? table.u16(at) == 0 || table.u16(at) == steps
                        : place == 1 ? true
                                     : table.i16(at - 2) <= table.i16(at);
      if (!good) return fault(NSRT_BAD_REQUANT, table.file_offset + at, at / 2 / (steps + 1));
    }
    if (!table.zero(end, table.size - end)) return fault(NSRT_BAD_REQUANT, table.file_offset + end, k);
  }
  return kNoFault;
}

Fault check_tables(const NetworkView& net, const OperatorView& op) {
  const bool int16_output = net.tensor(op.output).type == TensorType::kInt16;
  const std::uint32_t rows_count = net.tensor(op.output).c;
  for (unsigned k = 1; k <= net.subnets(); ++k) {
    const Region table = net.requant(op, k);
    const auto bad = [&](std::uint32_t at) { return fault(NSRT_BAD_REQUANT, table.file_offset + at); };
    if (int16_output && table.i8(1) != 0) return bad(1);
    if (table.u8(2) > ((op.table_form & kNarrowMultipliers) != 0 ? kMostTableShift : 0)) return bad(2);
    if (table.u8(3) > ((op.table_form & kNarrowBiases) != 0 ? kMostTableShift : 0)) return bad(3);
    const std::uint32_t end = 4 + rows_count * row_bytes(op), winners_at = table.size - 4;
    if (!table.zero(end, (op.gated() ? winners_at : table.size) - end)) return bad(end);
    if (!op.gated()) continue;
    if (net.winners(op, k) < 1 || net.winners(op, k) > rows_count) return bad(winners_at);
    if (table.u16(winners_at + 2) != 0) return bad(winners_at + 2);
  }
  return kNoFault;
}

Fault check_rows(const NetworkView& net, const OperatorView& op) {
  const bool requantises = has_rows(op, net.tensor(op.output));
  WeightRows rows(net, op);
  Fault error = requantises ? check_tables(net, op) : check_steps(net, op);
  if (error == kNoFault) error = rows.check_begin();
  if (error != kNoFault) return error;
  for (std::uint32_t row = 0; row < net.tensor(op.output).c; ++row) {
    RowMagnitudes weights{};
    error = rows.check_next(weights);
    if (error == kNoFault && requantises) error = check_requant_row(net, op, row, weights);
    if (error != kNoFault) return error;
  }
  return rows.check_end();
}

// The tables below are checked alike, one subnet's at a time: where the first byte lies that cannot be. Sums
// stay below 2^32: a bias has 2^31 at most, the products 2^23.
constexpr std::uint32_t kSound = UINT32_MAX;
using TableCheck = std::uint32_t (*)(const OperatorView&, const TensorView& out, const Region& table);

Fault check_each(const NetworkView& net, const OperatorView& op, TableCheck check) {
  const TensorView out = net.tensor(op.output);
  for (unsigned k = 1; k <= net.subnets(); ++k) {
    const Region table = net.requant(op, k);
    const std::uint32_t at = check(op, out, table);
    if (at != kSound) return fault(NSRT_BAD_REQUANT, table.file_offset + at, k);
  }
  return kNoFault;
}

// One bit per channel of levels that a max pool turns round.
std::uint32_t check_flips(const OperatorView&, const TensorView& out, const Region& table) {
  const std::uint32_t last = table.size - 4;
  const bool sound = out.highest_level() == 0 || out.c % 32 == 0 || table.u32(last) >> out.c % 32 == 0;
  return sound ? kSound : last;
}

std::uint32_t check_average(const OperatorView& op, const TensorView&, const Region& table) {
  if (table.i32(0) < 1) return 0;
  if (table.u8(9) > 30) return 9;
  const std::uint32_t sum = kActivationLimit * op.kh * op.kw;
  if (sum + magnitude(table.i32(4)) > kAccumulatorLimit >> table.u8(9)) return 4;
  return table.u16(10) != 0 ? 10 : kSound;
}

std::uint32_t check_add(const OperatorView&, const TensorView&, const Region& table) {
  const std::uint32_t products = kActivationLimit * (magnitude(table.i16(0)) + magnitude(table.i16(2)));
  if (products + magnitude(table.i32(4)) > kAccumulatorLimit) return 4;
  if (table.u8(8) > 30) return 8;
  return table.zero(9, 3) ? kSound : 9;
}

std::uint32_t check_concat(const OperatorView&, const TensorView&, const Region& table) {
  for (std::uint32_t i = 0; i < 2; ++i) {
    if (kActivationLimit * magnitude(table.i16(2 * i)) + magnitude(table.i32(4 + 4 * i)) > kAccumulatorLimit)
      return 4 + 4 * i;
  }
  if (table.u8(12) > 30) return 12;
  return table.zero(13, 3) ? kSound : 13;
}

Fault check_data(const NetworkView& net, const OperatorView& op) {
  switch (op.kind) {
    case OperatorKind::kAveragePool:
      return check_each(net, op, check_average);
    case OperatorKind::kAdd:
      return check_each(net, op, check_add);
    case OperatorKind::kMaxPool:
      return check_each(net, op, check_flips);
    case OperatorKind::kStep:
      return check_steps(net, op);
    case OperatorKind::kConcat:
      return check_each(net, op, check_concat);
    default:
      return check_rows(net, op);
  }
}

}  // namespace

Fault check_operator_data(const NetworkView& net) {
  for (std::uint32_t i = 0; i < net.operators(); ++i) {
    const OperatorView op = net.op(i);
    Fault error = check_extents(net, op, i);
    if (error == kNoFault) error = check_data(net, op);
    if (error != kNoFault) return error;
  }
  return kNoFault;
}

}  // namespace nsrt
