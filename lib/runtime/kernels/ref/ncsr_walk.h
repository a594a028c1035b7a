// Walks the records of nested CSR with 8-bit gaps, one row after the other (docs/format/nsm.md, encoding 3).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace nsrt::ref {

class NcsrRows {
 public:
  explicit NcsrRows(const NestedCsr& csr) : csr_(csr), counts_(csr.counts), records_(csr.records) {}

  std::uint32_t block() const { return csr_.block; }

  /// Calls visit(position, weights[block]) for every record of the current row that the subnet uses, fillers
  /// included (their weights are zero).
  template <class Visit>
  void visit_row(Visit visit) const {
    const std::uint8_t* record = records_;
    for (std::uint32_t level = 0; level < csr_.subnet; ++level) {
      std::uint32_t position = 0;
      for (std::uint32_t i = 0; i < counts_[level]; ++i) {
        position += record[0];
        visit(position, reinterpret_cast<const std::int8_t*>(record + 1));
        record += 1 + csr_.block;
      }
    }
  }

  /// Steps over all levels of the current row, those of denser subnets included.
  void next_row() {
    for (std::uint32_t level = 0; level < csr_.levels; ++level) {
      records_ += std::size_t{counts_[level]} * (1 + csr_.block);
    }
    counts_ += csr_.levels;
  }

 private:
  const NestedCsr& csr_;
  const std::uint16_t* counts_;
  const std::uint8_t* records_;
};

}  // namespace nsrt::ref
