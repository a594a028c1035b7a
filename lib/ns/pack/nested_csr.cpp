#include "ns/pack/nested_csr.h"

#include <algorithm>
#include <string>

#include "ns/base/error.h"
#include "ns/pack/levels.h"

namespace ns::pack {
namespace {

constexpr std::size_t kMaxGap = 255;
constexpr std::size_t kMaxRecords = 65535;

std::size_t counts_bytes(const WeightShape& shape, int levels) {
  const std::size_t bytes = 2 * static_cast<std::size_t>(shape.co) * static_cast<std::size_t>(levels);
  return (bytes + 3) / 4 * 4;
}

/// Calls visit(row, level, gap, weights of the block or nullptr for a bridge) for every record in storage
/// order.
template <class Visit>
void for_each_record(const LevelledWeights& w, Visit visit) {
  const std::size_t positions = w.shape.positions(w.block);
  for (std::size_t row = 0; row < static_cast<std::size_t>(w.shape.co); ++row) {
    const std::uint8_t* level_of = w.level.data() + row * positions;
    for (int level = 1; level <= w.levels; ++level) {
      std::size_t previous = 0;
      for (std::size_t p = 0; p < positions; ++p) {
        if (level_of[p] != level) continue;
        std::size_t gap = p - previous;
        for (; gap > kMaxGap; gap -= kMaxGap) visit(row, level, kMaxGap, nullptr);
        const Block block = block_at(w, row, p);
        visit(row, level, gap, block.lane);
        previous = p;
      }
    }
  }
}

}  // namespace

std::size_t nested_csr_bytes(const LevelledWeights& w) {
  check_levels(w);
  std::size_t records = 0;
  for_each_record(w, [&](std::size_t, int, std::size_t, const std::int8_t*) { ++records; });
  return counts_bytes(w.shape, w.levels) + records * (1 + static_cast<std::size_t>(w.block));
}

std::vector<std::uint8_t> encode_nested_csr(const LevelledWeights& w) {
  check_levels(w);
  const auto levels = static_cast<std::size_t>(w.levels);
  std::vector<std::size_t> counts(static_cast<std::size_t>(w.shape.co) * levels);
  std::vector<std::uint8_t> bytes(counts_bytes(w.shape, w.levels));
  for_each_record(w, [&](std::size_t row, int level, std::size_t gap, const std::int8_t* block) {
    ++counts[row * levels + static_cast<std::size_t>(level - 1)];
    bytes.push_back(static_cast<std::uint8_t>(gap));
    for (int lane = 0; lane < w.block; ++lane)
      bytes.push_back(block ? static_cast<std::uint8_t>(block[lane]) : 0);
  });
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > kMaxRecords)
      throw input_error("row " + std::to_string(i / levels) + ", level " + std::to_string(i % levels + 1) +
                        ": " + std::to_string(counts[i]) + " records, the packed model counts to 65535");
    bytes[2 * i] = static_cast<std::uint8_t>(counts[i] & 0xFF);
    bytes[2 * i + 1] = static_cast<std::uint8_t>(counts[i] >> 8);
  }
  return bytes;
}

LevelledWeights decode_nested_csr(std::span<const std::uint8_t> bytes, const WeightShape& shape, int block,
                                  int levels) {
  LevelledWeights w{shape, block, levels, {}, {}};
  const std::size_t positions = shape.positions(block), lanes = static_cast<std::size_t>(block);
  w.values.resize(shape.count());
  w.level.resize(static_cast<std::size_t>(shape.co) * positions);
  std::size_t at = counts_bytes(shape, levels);
  if (bytes.size() < at)
    throw input_error("nested CSR: " + std::to_string(bytes.size()) + " bytes do not hold the counts");
  for (std::size_t row = 0; row < static_cast<std::size_t>(shape.co); ++row) {
    for (int level = 1; level <= levels; ++level) {
      const auto fail = [&](const std::string& what) {
        return input_error("nested CSR: row " + std::to_string(row) + ", level " + std::to_string(level) +
                           ": " + what);
      };
      const std::size_t index = row * static_cast<std::size_t>(levels) + static_cast<std::size_t>(level - 1);
      const std::size_t count = bytes[2 * index] | static_cast<std::size_t>(bytes[2 * index + 1]) << 8;
      std::size_t p = 0;
      for (std::size_t i = 0; i < count; ++i, at += 1 + lanes) {
        if (bytes.size() - at < 1 + lanes) throw fail("truncated");
        const std::size_t gap = bytes[at];
        const auto block_bytes = bytes.subspan(at + 1, lanes);
        if (gap == 0 && i > 0) throw fail("gap 0");
        p += gap;
        if (p >= positions) throw fail("position " + std::to_string(p) + " of " + std::to_string(positions));
        const bool zero =
            std::all_of(block_bytes.begin(), block_bytes.end(), [](std::uint8_t b) { return b == 0; });
        if (zero && gap == kMaxGap && i + 1 < count) continue;
        std::uint8_t& level_here = w.level[row * positions + p];
        if (level_here != 0)
          throw fail("position " + std::to_string(p) + " is already of level " + std::to_string(level_here));
        level_here = static_cast<std::uint8_t>(level);
        Block here;
        for (std::size_t lane = 0; lane < std::min<std::size_t>(lanes, 4); ++lane)
          here.lane[lane] = static_cast<std::int8_t>(block_bytes[lane]);
        if (!set_block(w, row, p, here)) throw fail("a weight beyond the last channel is not zero");
      }
    }
  }
  if (at != bytes.size())
    throw input_error("nested CSR: " + std::to_string(bytes.size() - at) + " bytes after the last record");
  return w;
}

}  // namespace ns::pack
