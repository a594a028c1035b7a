// Reads nested weights with Rice-coded gaps (docs/format/nsm.md, encoding 4), one row after the other. Every
// level is a stream of its own, so that subnet k touches nothing of the levels above k.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace nsrt {

constexpr std::uint32_t kRiceLevelBytes = 16;  ///< of a level's head
constexpr std::uint32_t kMostRiceBits = 16;    ///< of a code
constexpr std::uint32_t kMostLevels = 8;

/// The head of a level.
struct RiceHead {
  std::uint32_t offset;      ///< of its codes, from the start of the weights
  std::uint32_t records;     ///< of all rows
  std::uint32_t code_bytes;  ///< the read-ahead halfword included
  std::uint8_t k;            ///< low bits of a gap that are stored as they are
  std::uint8_t count_bytes;  ///< 1 or 2
  std::uint16_t reserved;
};

/// Gaps of one level: codes in halfwords, each read from bit 15 down. A code is q zeros, a one and the k low
/// bits of gap − 1 = q·2^k + low (Rice, R. F., "Some practical universal noiseless coding techniques", JPL
/// 1979).
class RiceGaps {
 public:
  RiceGaps() = default;
  /// There is at least one code.
  RiceGaps(const std::uint16_t* codes, std::uint32_t k)
      : buffer_(std::uint32_t{codes[0]} << 16 | codes[1]), next_(codes + 2), k_(k) {}

  std::uint32_t take() {
    const auto zeros = static_cast<std::uint32_t>(std::countl_zero(buffer_));
    const std::uint32_t low = buffer_ << zeros << 1 >> 1 >> (31 - k_);
    buffer_ = buffer_ << zeros << 1 << k_;
    spare_ -= static_cast<std::int32_t>(zeros + 1 + k_);
    if (spare_ < 0) {
      buffer_ |= std::uint32_t{*next_++} << -spare_;
      spare_ += 16;
    }
    return (zeros << k_) + low + 1;
  }

  /// For codes that nobody has checked: false if take() would read beyond `end` or a code of more than 16
  /// bits.
  bool can_take(const std::uint16_t* end) const {
    const auto length = static_cast<std::uint32_t>(std::countl_zero(buffer_)) + 1 + k_;
    return length <= kMostRiceBits && (spare_ >= static_cast<std::int32_t>(length) || next_ != end);
  }
  /// Nothing but zeros is left, and as few of them as reading ahead needs.
  bool at_end(const std::uint16_t* end) const { return next_ == end && buffer_ == 0; }

  std::uint32_t buffer() const { return buffer_; }
  std::int32_t spare() const { return spare_; }
  const std::uint16_t* next() const { return next_; }

 private:
  std::uint32_t buffer_ = 0;  // the next bits, from bit 31 down
  std::int32_t spare_ = 16;   // how many of them beyond 16
  const std::uint16_t* next_ = nullptr;
  std::uint32_t k_ = 0;
};

/// Where one level stands.
struct RiceLevel {
  const std::uint8_t* counts = nullptr;
  const std::int8_t* values = nullptr;
  RiceGaps gaps;
  std::uint8_t k = 0, count_bytes = 1;

  std::uint32_t take_count() {
    std::uint32_t count = *counts++;
    if (count_bytes == 2) count |= std::uint32_t{*counts++} << 8;
    return count;
  }
};

/// A level of checked weights at its first row. `level` counts from 0.
inline RiceLevel rice_level(const NestedRice& rice, std::uint32_t level) {
  const auto& head = reinterpret_cast<const RiceHead*>(rice.weights)[level];
  RiceLevel result;
  const std::uint8_t* const codes = rice.weights + head.offset;
  result.counts = codes + head.code_bytes;
  result.values =
      reinterpret_cast<const std::int8_t*>(result.counts + std::size_t{rice.rows} * head.count_bytes);
  if (head.records != 0) result.gaps = {reinterpret_cast<const std::uint16_t*>(codes), head.k};
  result.k = head.k;
  result.count_bytes = head.count_bytes;
  return result;
}

/// All levels of a subnet.
class RiceRows {
 public:
  RiceRows() = default;
  explicit RiceRows(const NestedRice& rice) : block_(rice.block), levels_(rice.subnet) {
    for (std::uint32_t level = 0; level < levels_; ++level) level_[level] = rice_level(rice, level);
  }

  std::uint32_t block() const { return block_; }
  /// Records of the current row.
  std::uint32_t records() const {
    std::uint32_t sum = 0;
    for (std::uint32_t level = 0; level < levels_; ++level) {
      RiceLevel copy = level_[level];
      sum += copy.take_count();
    }
    return sum;
  }
  /// Calls visit(position, weights[block]) for every record of the current row, fillers included (their
  /// weights are zero), and moves to the next row.
  template <class Visit>
  void take_row(Visit visit) {
    for (std::uint32_t l = 0; l < levels_; ++l) {
      RiceLevel& level = level_[l];
      std::uint32_t position = UINT32_MAX;
      for (std::uint32_t n = level.take_count(); n != 0; --n, level.values += block_) {
        position += level.gaps.take();
        visit(position, level.values);
      }
    }
  }

 private:
  std::uint32_t block_ = 1, levels_ = 0;
  RiceLevel level_[kMostLevels];
};

}  // namespace nsrt
