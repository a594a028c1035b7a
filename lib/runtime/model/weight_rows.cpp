#include "model/weight_rows.h"

namespace nsrt {

WeightRows::WeightRows(const NetworkView& net, const OperatorView& op)
    : bytes_(net.weights(op)),
      encoding_(op.encoding),
      block_(is_nested(op.encoding)                       ? op.block
             : op.encoding == WeightEncoding::kDenseQuads ? 2
             : op.encoding == WeightEncoding::kBinary     ? 4
                                                          : 1),
      levels_(net.subnets()),
      rows_(net.tensor(op.output).c),
      channels_(op.kind == OperatorKind::kDepthwise ? 1
                : op.kind == OperatorKind::kLinear  ? linear_inputs(net, op)
                                                    : net.tensor(op.input).c),
      taps_(std::uint32_t{op.kh} * op.kw),
      positions_(std::uint64_t{(channels_ + block_ - 1) / block_} * taps_) {
  if (encoding_ == WeightEncoding::kDenseQuads) row_bytes_ = (positions_ + 1) / 2 * 4;
  if (encoding_ == WeightEncoding::kDenseRows) row_bytes_ = round_up(positions_, 4);
  if (encoding_ == WeightEncoding::kBinary) row_bytes_ = (positions_ + 7) / 8 * 4;
  if (encoding_ == WeightEncoding::kNestedCsr) record_ = static_cast<std::uint32_t>(counts_bytes());
}

Fault WeightRows::check_next(RowMagnitudes& weights) {
  const Fault error = encoding_ == WeightEncoding::kNestedCsr    ? check_csr(weights)
                      : encoding_ == WeightEncoding::kNestedRice ? check_rice(weights)
                      : encoding_ == WeightEncoding::kBinary     ? check_binary(weights)
                                                                 : check_dense(weights);
  ++row_;
  return error;
}

Fault WeightRows::check_end() const {
  if (encoding_ == WeightEncoding::kNestedRice) {
    for (std::uint32_t level = 0; level < levels_; ++level) {
      if (records_left_[level] != 0) return bad(level * kRiceLevelBytes + 4);
      const RiceGaps& gaps = rice_[level].gaps;
      if (gaps.next() != nullptr && !gaps.at_end(codes_end(level))) return bad(offset_of(gaps.next()) - 2);
    }
    return kNoFault;
  }
  if (encoding_ != WeightEncoding::kNestedCsr) return kNoFault;
  const std::uint32_t counts = 2 * rows_ * levels_;
  if (!bytes_.zero(counts, static_cast<std::uint32_t>(counts_bytes()) - counts)) return bad(counts);
  return record_ == bytes_.size ? kNoFault : bad(record_);
}

// Byte `index` of a dense row stands for no weight and must be zero.
bool WeightRows::absent(std::uint32_t index) const {
  if (encoding_ == WeightEncoding::kDenseRows) return index >= positions_;
  const std::uint32_t position = index / 4 * 2 + index % 2;
  return position >= positions_ || position / taps_ * 2 + index % 4 / 2 >= channels_;
}

Fault WeightRows::check_dense(RowMagnitudes& weights) const {
  // The extent was compared with dense_bytes(): rows lie inside the section, offsets in 32 bits.
  const auto row_bytes = static_cast<std::uint32_t>(row_bytes_);
  const std::uint32_t start = row_ * row_bytes;
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < row_bytes; ++i) {
    const std::int32_t w = bytes_.i8(start + i);
    if (w == -128 || (w != 0 && absent(i))) return bad(start + i);
    sum += static_cast<std::uint32_t>(w < 0 ? -w : w);
  }
  weights.fill(sum);
  return kNoFault;
}

// A bit for a channel or a position that is not there must be zero.
Fault WeightRows::check_binary(RowMagnitudes& weights) const {
  const auto row_bytes = static_cast<std::uint32_t>(row_bytes_);
  const std::uint32_t start = row_ * row_bytes;
  for (std::uint32_t i = 0; i < 2 * row_bytes; ++i) {
    const std::uint32_t first_channel = i / taps_ * 4;
    const std::uint32_t channels = first_channel < channels_ ? channels_ - first_channel : 0;
    const unsigned nibble = bytes_.u8(start + i / 2) >> i % 2 * 4 & 15u;
    if (channels < 4 && nibble >> channels != 0) return bad(start + i / 2);
  }
  weights.fill(std::uint64_t{channels_} * taps_);
  return kNoFault;
}

Fault WeightRows::check_csr(RowMagnitudes& weights) {
  const std::uint32_t record_bytes = 1 + block_;
  std::uint64_t sum = 0;
  for (std::uint32_t level = 0; level < levels_; ++level) {
    const std::uint32_t count_at = 2 * (row_ * levels_ + level);
    const std::uint32_t count = bytes_.u16(count_at);
    if (!bytes_.contains(record_, std::uint64_t{count} * record_bytes)) return bad(count_at);
    std::uint32_t position = 0;  // at most 65,535 gaps of a byte
    for (std::uint32_t i = 0; i < count; ++i, record_ += record_bytes) {
      const std::uint8_t gap = bytes_.u8(record_);
      position += gap;
      if ((gap == 0 && i > 0) || position >= positions_) return bad(record_);
      const Fault error = check_block(record_ + 1, position, sum);
      if (error != kNoFault) return error;
    }
    weights[level] = sum;
  }
  return kNoFault;
}

Fault WeightRows::check_block(std::uint32_t at, std::uint32_t position, std::uint64_t& sum) const {
  const std::uint32_t first_channel = position / taps_ * block_;
  for (std::uint32_t i = 0; i < block_; ++i) {
    const std::int32_t w = bytes_.i8(at + i);
    if (w == -128 || (w != 0 && first_channel + i >= channels_)) return bad(at + i);
    sum += static_cast<std::uint32_t>(w < 0 ? -w : w);
  }
  return kNoFault;
}

}  // namespace nsrt
