// Walks the weights of one operator row by row and checks every byte of them once.
#pragma once

#include <array>
#include <cstdint>

#include "kernels/rice.h"
#include "model/check.h"

namespace nsrt {

/// Σ|w| of one row, by subnet.
using RowMagnitudes = std::array<std::uint64_t, kMaxSubnets>;

class WeightRows {
 public:
  WeightRows(const NetworkView& net, const OperatorView& op);

  /// What encodings 1, 2 and 5 must hold.
  std::uint64_t dense_bytes() const { return row_bytes_ * rows_; }
  /// What encodings 3 and 4 must hold at least.
  std::uint64_t least_nested_bytes() const {
    return encoding_ == WeightEncoding::kNestedRice ? std::uint64_t{kRiceLevelBytes} * levels_
                                                    : counts_bytes();
  }

  /// Encoding 4: where the levels lie. Only after the extents above were checked.
  Fault check_begin();

  /// Checks the next row and adds up its weights.
  Fault check_next(RowMagnitudes& weights);
  /// After the last row: nothing is left over.
  Fault check_end() const;

 private:
  Fault check_dense(RowMagnitudes& weights) const;
  Fault check_binary(RowMagnitudes& weights) const;
  std::uint64_t counts_bytes() const { return round_up(std::uint64_t{2} * rows_ * levels_, 4); }
  Fault check_csr(RowMagnitudes& weights);
  Fault check_rice(RowMagnitudes& weights);
  Fault check_rice_head(std::uint32_t level, std::uint64_t& at);
  Fault check_block(std::uint32_t at, std::uint32_t position, std::uint64_t& sum) const;
  const std::uint16_t* codes_end(std::uint32_t level) const;
  std::uint32_t offset_of(const void* place) const;
  Fault bad(std::uint32_t at) const { return fault(NSRT_BAD_WEIGHTS, bytes_.file_offset + at, row_); }
  bool absent(std::uint32_t index) const;

  Region bytes_;
  WeightEncoding encoding_;
  std::uint32_t block_, levels_, rows_, channels_, taps_;
  std::uint64_t positions_, row_bytes_ = 0;
  std::uint32_t row_ = 0;
  std::uint32_t record_ = 0;                   ///< encoding 3: where the next record starts
  std::array<RiceLevel, kMaxSubnets> rice_{};  ///< encoding 4: where the levels stand
  std::array<std::uint32_t, kMaxSubnets> records_left_{};
};

}  // namespace nsrt
