#include "kernels/host/conv.h"

namespace nsrt::host {
namespace {

constexpr std::size_t kMostLevels = 8;

std::uint32_t channel_blocks(const Window& w, std::uint32_t block) {
  return (w.ci + block - 1) / block;
}

std::int32_t pair(std::uint8_t lo, std::uint8_t hi) {
  const std::int32_t low = static_cast<std::int8_t>(lo), high = static_cast<std::int8_t>(hi);
  return static_cast<std::int32_t>((low & 0xFFFFu) | static_cast<std::uint32_t>(high) << 16);
}

}  // namespace

std::uint32_t SparseRows::channel_pairs(const Window& w, std::uint32_t block) {
  return (channel_blocks(w, block) * block + 1) / 2;
}

// A level's positions are all different, so this is enough for one row of any file that the reader accepts.
Demand SparseRows::demand(const Window& w, std::uint32_t block) {
  const std::size_t level = std::size_t{channel_blocks(w, block)} * w.kh * w.kw * (block == 4 ? 2 : 1);
  const std::size_t row = kMostLevels * level;
  return {row < kChunkWeights ? kChunkWeights : row, true};
}

SparseRows::SparseRows(const Window& w, const Grid& g, const NestedCsr& csr, const Scratch& s)
    : w_(w), g_(g), csr_(csr), s_(s), record_(csr.records), pairs_per_record_(csr.block == 4 ? 2 : 1) {}

std::size_t SparseRows::entries_of(std::uint32_t row) const {
  std::size_t entries = 0;
  const std::uint16_t* counts = csr_.counts + std::size_t{row} * csr_.levels;
  for (std::uint32_t level = 0; level < csr_.subnet; ++level) entries += counts[level];
  return entries * pairs_per_record_;
}

std::uint32_t SparseRows::read(std::uint32_t first) {
  std::uint32_t rows = 0;
  begin_[0] = 0;
  while (rows < kChunkRows && first + rows < w_.co) {
    const std::size_t at = begin_[rows];
    if (rows > 0 && at + entries_of(first + rows) > kChunkWeights) break;
    begin_[rows + 1] = append_row(first + rows, at);
    ++rows;
  }
  return rows;
}

PairList SparseRows::list(std::uint32_t i) const {
  return {s_.list + begin_[i], s_.weights + begin_[i], 0, begin_[i + 1] - begin_[i]};
}

std::size_t SparseRows::append_row(std::uint32_t row, std::size_t at) {
  const std::uint16_t* counts = csr_.counts + std::size_t{row} * csr_.levels;
  const std::uint32_t step = 1u + csr_.block, taps = std::uint32_t{w_.kh} * w_.kw;
  const std::int32_t next_pair = static_cast<std::int32_t>(g_.pair);
  std::int32_t* offset = s_.list + at;
  std::int32_t* weight = s_.weights + at;
  const std::uint8_t* record = record_;
  for (std::uint32_t level = 0; level < csr_.subnet; ++level) {
    std::uint32_t position = 0;
    const std::uint8_t* const end = record + std::size_t{counts[level]} * step;
    if (csr_.block == 2) {
      for (; record != end; record += 3) {
        position += record[0];
        *offset++ = s_.offsets[position];
        *weight++ = pair(record[1], record[2]);
      }
    } else if (csr_.block == 4) {
      for (; record != end; record += 5) {
        position += record[0];
        const std::int32_t first = s_.offsets[position / taps * taps + position];
        offset[0] = first;
        offset[1] = first + next_pair;
        weight[0] = pair(record[1], record[2]);
        weight[1] = pair(record[3], record[4]);
        offset += 2;
        weight += 2;
      }
    } else {
      for (; record != end; record += 2) {
        position += record[0];
        const std::uint32_t channel = position / taps;
        *offset++ = s_.offsets[position - (channel + 1) / 2 * taps];
        *weight++ = channel % 2 == 0 ? pair(record[1], 0) : pair(0, record[1]);
      }
    }
  }
  for (std::uint32_t level = csr_.subnet; level < csr_.levels; ++level)
    record += std::size_t{counts[level]} * step;
  record_ = record;
  return static_cast<std::size_t>(offset - s_.list);
}

}  // namespace nsrt::host
