// The part of WeightRows that knows encoding 4.
#include "model/weight_rows.h"

namespace nsrt {
namespace {

constexpr std::uint8_t kMostLowBits = 14;  // a code has room for them, a one and a zero

const RiceHead& head_of(const Region& bytes, std::uint32_t level) {
  return reinterpret_cast<const RiceHead*>(bytes.data)[level];
}

}  // namespace

std::uint32_t WeightRows::offset_of(const void* place) const {
  return static_cast<std::uint32_t>(static_cast<const std::uint8_t*>(place) - bytes_.data);
}

const std::uint16_t* WeightRows::codes_end(std::uint32_t level) const {
  const RiceHead& head = head_of(bytes_, level);
  return reinterpret_cast<const std::uint16_t*>(bytes_.data + head.offset + head.code_bytes);
}

// `at` is where the level must begin, and then where the next one must.
Fault WeightRows::check_rice_head(std::uint32_t level, std::uint64_t& at) {
  const RiceHead& head = head_of(bytes_, level);
  const std::uint32_t field = level * kRiceLevelBytes;
  if (head.offset != at) return bad(field);
  const std::uint64_t least_code_bytes = head.records == 0 ? 0 : 4;
  if (head.code_bytes % 2 != 0 || head.code_bytes < least_code_bytes ||
      (head.records == 0 && head.code_bytes != 0)) {
    return bad(field + 8);
  }
  if (head.k > kMostLowBits) return bad(field + 12);
  if (head.count_bytes != 1 && head.count_bytes != 2) return bad(field + 13);
  if (head.reserved != 0) return bad(field + 14);
  const std::uint64_t end =
      at + head.code_bytes + std::uint64_t{rows_} * head.count_bytes + std::uint64_t{head.records} * block_;
  at = round_up(end, 4);
  if (at > bytes_.size) return bad(field + 4);
  if (!bytes_.zero(static_cast<std::uint32_t>(end), static_cast<std::uint32_t>(at - end)))
    return bad(static_cast<std::uint32_t>(end));
  return kNoFault;
}

Fault WeightRows::check_begin() {
  if (encoding_ != WeightEncoding::kNestedRice) return kNoFault;
  std::uint64_t at = std::uint64_t{kRiceLevelBytes} * levels_;
  for (std::uint32_t level = 0; level < levels_; ++level) {
    const Fault error = check_rice_head(level, at);
    if (error != kNoFault) return error;
    rice_[level] = rice_level({bytes_.data, rows_, static_cast<std::uint8_t>(block_), 1}, level);
    records_left_[level] = head_of(bytes_, level).records;
  }
  return at == bytes_.size ? kNoFault : bad(static_cast<std::uint32_t>(at));
}

Fault WeightRows::check_rice(RowMagnitudes& weights) {
  std::uint64_t sum = 0;
  for (std::uint32_t l = 0; l < levels_; ++l) {
    RiceLevel& level = rice_[l];
    const std::uint32_t count_at = offset_of(level.counts);
    std::uint32_t count = level.take_count();
    if (count > records_left_[l]) return bad(count_at);
    records_left_[l] -= count;
    std::uint32_t position = UINT32_MAX;
    for (; count != 0; --count, level.values += block_) {
      const std::uint32_t code_at = offset_of(level.gaps.next()) - 4;
      if (!level.gaps.can_take(codes_end(l))) return bad(code_at);
      position += level.gaps.take();
      if (position >= positions_) return bad(code_at);
      const Fault error = check_block(offset_of(level.values), position, sum);
      if (error != kNoFault) return error;
    }
    weights[l] = sum;
  }
  return kNoFault;
}

}  // namespace nsrt
