// Walks the weights of one operator row by row and checks every byte of them once.
#pragma once

#include <array>
#include <cstdint>

#include "model/check.h"

namespace nsrt {

/// Σ|w| of one row, by subnet.
using RowMagnitudes = std::array<std::uint64_t, kMaxSubnets>;

class WeightRows {
 public:
  WeightRows(const NetworkView& net, const OperatorView& op);

  /// What encodings 1 and 2 must hold.
  std::uint64_t dense_bytes() const { return row_bytes_ * rows_; }
  /// What encoding 3 must hold at least.
  std::uint64_t counts_bytes() const { return round_up(std::uint64_t{2} * rows_ * levels_, 4); }

  /// Checks the next row and adds up its weights. Only after the extents above were checked.
  nsrt_error check_next(RowMagnitudes& weights);
  /// After the last row: nothing is left over.
  nsrt_error check_end() const;

 private:
  nsrt_error check_dense(RowMagnitudes& weights) const;
  nsrt_error check_sparse(RowMagnitudes& weights);
  nsrt_error check_record(std::uint32_t record, std::uint64_t position, std::uint64_t& sum) const;
  nsrt_error bad(std::uint32_t at) const { return fault(NSRT_BAD_WEIGHTS, bytes_.file_offset + at, row_); }
  bool absent(std::uint32_t index) const;

  Region bytes_;
  WeightEncoding encoding_;
  std::uint32_t block_, levels_, rows_;
  std::uint64_t channels_, taps_, positions_, row_bytes_ = 0;
  std::uint32_t row_ = 0;
  std::uint32_t record_ = 0;  ///< encoding 3: where the next record starts
};

}  // namespace nsrt
