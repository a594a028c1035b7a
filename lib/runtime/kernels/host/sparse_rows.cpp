#include "kernels/host/conv.h"

namespace nsrt::host {
namespace {

constexpr std::size_t kMostLevels = 8;

std::uint32_t channel_blocks(const Window& w, std::uint32_t block) {
  return (w.ci + block - 1) / block;
}

std::int32_t pair(std::int32_t low, std::int32_t high) {
  return static_cast<std::int32_t>((static_cast<std::uint32_t>(low) & 0xFFFFu) |
                                   static_cast<std::uint32_t>(high) << 16);
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
    : w_(w), g_(g), s_(s), csr_(csr), record_(csr.records), is_rice_(false), block_(csr.block) {}

SparseRows::SparseRows(const Window& w, const Grid& g, const NestedRice& rice, const Scratch& s)
    : w_(w), g_(g), s_(s), rice_(rice), is_rice_(true), block_(rice.block) {}

std::size_t SparseRows::entries_of(std::uint32_t row) const {
  std::size_t entries = 0;
  if (is_rice_) {
    entries = rice_.records();
  } else {
    const std::uint16_t* counts = csr_.counts + std::size_t{row} * csr_.levels;
    for (std::uint32_t level = 0; level < csr_.subnet; ++level) entries += counts[level];
  }
  return entries * (block_ == 4 ? 2 : 1);
}

std::uint32_t SparseRows::read(std::uint32_t first) {
  std::uint32_t rows = 0;
  begin_[0] = 0;
  while (rows < kChunkRows && first + rows < w_.co) {
    const std::size_t at = begin_[rows];
    if (rows > 0 && at + entries_of(first + rows) > kChunkWeights) break;
    begin_[rows + 1] = is_rice_ ? append_rice_row(at) : append_row(first + rows, at);
    ++rows;
  }
  return rows;
}

PairList SparseRows::list(std::uint32_t i) const {
  return {s_.list + begin_[i], s_.weights + begin_[i], 0, begin_[i + 1] - begin_[i]};
}

namespace {

// Records of one block width become entries of the list. kBlock is a constant of the loops around it.
template <std::uint32_t kBlock>
struct Appender {
  std::int32_t *offset, *weight;
  const std::int32_t* offsets;  // by position
  std::uint32_t taps;
  std::int32_t next_pair;

  void operator()(std::uint32_t position, const std::int8_t* w) {
    if constexpr (kBlock == 2) {
      *offset++ = offsets[position];
      *weight++ = pair(w[0], w[1]);
    } else if constexpr (kBlock == 4) {
      const std::int32_t first = offsets[position / taps * taps + position];
      *offset++ = first;
      *offset++ = first + next_pair;
      *weight++ = pair(w[0], w[1]);
      *weight++ = pair(w[2], w[3]);
    } else {
      const std::uint32_t channel = position / taps;
      *offset++ = offsets[position - (channel + 1) / 2 * taps];
      *weight++ = channel % 2 == 0 ? pair(w[0], 0) : pair(0, w[0]);
    }
  }
};

// Calls visit with the appender of a block width and returns where the list ends then.
template <class Visit>
std::size_t appended(std::uint32_t block, const Window& w, const Grid& g, const Scratch& s, std::size_t at,
                     Visit visit) {
  const auto run = [&](auto append) {
    visit(append);
    return static_cast<std::size_t>(append.offset - s.list);
  };
  std::int32_t *const offset = s.list + at, *const weight = s.weights + at;
  const std::uint32_t taps = std::uint32_t{w.kh} * w.kw;
  const auto next_pair = static_cast<std::int32_t>(g.pair);
  if (block == 2) return run(Appender<2>{offset, weight, s.offsets, taps, next_pair});
  if (block == 4) return run(Appender<4>{offset, weight, s.offsets, taps, next_pair});
  return run(Appender<1>{offset, weight, s.offsets, taps, next_pair});
}

}  // namespace

std::size_t SparseRows::append_rice_row(std::size_t at) {
  return appended(block_, w_, g_, s_, at, [&](auto& append) {
    rice_.take_row([&](std::uint32_t position, const std::int8_t* weights) { append(position, weights); });
  });
}

std::size_t SparseRows::append_row(std::uint32_t row, std::size_t at) {
  const std::uint16_t* counts = csr_.counts + std::size_t{row} * csr_.levels;
  const std::uint32_t step = 1u + block_;
  const std::uint8_t* record = record_;
  const std::size_t end = appended(block_, w_, g_, s_, at, [&](auto& append) {
    for (std::uint32_t level = 0; level < csr_.subnet; ++level) {
      std::uint32_t position = 0;
      for (const std::uint8_t* const stop = record + std::size_t{counts[level]} * step; record != stop;
           record += step) {
        position += record[0];
        append(position, reinterpret_cast<const std::int8_t*>(record + 1));
      }
    }
  });
  for (std::uint32_t level = csr_.subnet; level < csr_.levels; ++level)
    record += std::size_t{counts[level]} * step;
  record_ = record;
  return end;
}

}  // namespace nsrt::host
