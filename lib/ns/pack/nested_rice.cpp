#include "ns/pack/nested_rice.h"

#include <algorithm>
#include <string>

#include "ns/base/bytes.h"
#include "ns/base/error.h"
#include "ns/pack/levels.h"

namespace ns::pack {
namespace {

constexpr std::size_t kHeadBytes = 16, kMostRecords = 65535;
constexpr unsigned kCodeBits = 16, kMostLowBits = 14;

/// What one code can bridge.
constexpr std::size_t longest_gap(unsigned k) {
  return std::size_t{kCodeBits - k} << k;
}
constexpr std::size_t code_bits(std::size_t gap, unsigned k) {
  return ((gap - 1) >> k) + 1 + k;
}

/// Calls visit(row, gap, position) for every block of a level; the first gap of a row is its position + 1.
template <class Visit>
void for_each_block(const LevelledWeights& w, int level, Visit visit) {
  const std::size_t positions = w.shape.positions(w.block);
  for (std::size_t row = 0; row < static_cast<std::size_t>(w.shape.co); ++row) {
    std::size_t previous = 0;  // the position before, + 1
    for (std::size_t p = 0; p < positions; ++p) {
      if (w.level[row * positions + p] != level) continue;
      visit(row, p + 1 - previous, p);
      previous = p + 1;
    }
  }
}

unsigned best_low_bits(const LevelledWeights& w, int level) {
  std::size_t bits[kMostLowBits + 1] = {};
  for_each_block(w, level, [&](std::size_t, std::size_t gap, std::size_t) {
    for (unsigned k = 0; k <= kMostLowBits; ++k) {
      const std::size_t longest = longest_gap(k), bridges = (gap - 1) / longest;
      bits[k] += code_bits(gap - bridges * longest, k) +
                 bridges * (kCodeBits + 8 * static_cast<std::size_t>(w.block));
    }
  });
  return static_cast<unsigned>(std::min_element(bits, bits + kMostLowBits + 1) - bits);
}

/// Bits from the most significant down, in little-endian halfwords.
class CodeWriter {
 public:
  explicit CodeWriter(unsigned k) : k_(k) {}
  void write(std::size_t gap) {
    for (std::size_t q = (gap - 1) >> k_; q > 0; --q) put(0);
    put(1);
    for (unsigned bit = k_; bit-- > 0;) put((gap - 1) >> bit & 1);
  }
  /// With the halfword that decoders read ahead.
  std::vector<std::uint8_t> bytes() const {
    ByteWriter out;
    for (const std::uint16_t word : words_) out.write(word);
    if (!words_.empty()) out.write(std::uint16_t{0});
    return out.bytes();
  }

 private:
  void put(std::size_t bit) {
    if (used_ % 16 == 0) words_.push_back(0);
    words_.back() = static_cast<std::uint16_t>(words_.back() | bit << (15 - used_++ % 16));
  }
  unsigned k_;
  std::size_t used_ = 0;
  std::vector<std::uint16_t> words_;
};

struct EncodedLevel {
  unsigned k = 0;
  std::vector<std::size_t> counts;  // by row
  std::vector<std::uint8_t> codes, values;
  std::size_t records = 0;
};

EncodedLevel encode_level(const LevelledWeights& w, int level) {
  EncodedLevel out;
  out.k = best_low_bits(w, level);
  out.counts.resize(static_cast<std::size_t>(w.shape.co));
  CodeWriter codes(out.k);
  const std::size_t longest = longest_gap(out.k);
  const auto record = [&](std::size_t row, std::size_t gap, const Block& block) {
    codes.write(gap);
    for (int lane = 0; lane < w.block; ++lane)
      out.values.push_back(static_cast<std::uint8_t>(block.lane[lane]));
    ++out.counts[row];
    ++out.records;
  };
  for_each_block(w, level, [&](std::size_t row, std::size_t gap, std::size_t p) {
    for (; gap > longest; gap -= longest) record(row, longest, {});
    record(row, gap, block_at(w, row, p));
  });
  for (std::size_t row = 0; row < out.counts.size(); ++row)
    if (out.counts[row] > kMostRecords)
      throw input_error("row " + std::to_string(row) + ", level " + std::to_string(level) + ": " +
                        std::to_string(out.counts[row]) + " records, the packed model counts to 65535");
  out.codes = codes.bytes();
  return out;
}

struct Head {
  std::size_t offset, records, code_bytes;
  unsigned k;
  std::size_t count_bytes;
};

Head read_head(std::span<const std::uint8_t> bytes, int level) {
  if (bytes.size() < kHeadBytes * (static_cast<std::size_t>(level) + 1))
    throw input_error("nested weights: " + std::to_string(bytes.size()) +
                      " bytes do not hold the levels' heads");
  ByteReader in(bytes.subspan(kHeadBytes * static_cast<std::size_t>(level), kHeadBytes), "nested weights");
  Head head{};
  head.offset = in.read<std::uint32_t>();
  head.records = in.read<std::uint32_t>();
  head.code_bytes = in.read<std::uint32_t>();
  head.k = in.read<std::uint8_t>();
  head.count_bytes = in.read<std::uint8_t>();
  return head;
}

class CodeReader {
 public:
  CodeReader(std::span<const std::uint8_t> bytes, unsigned k) : bytes_(bytes), k_(k) {}
  /// 0 where no code of at most 16 bits follows.
  std::size_t read() {
    std::size_t q = 0;
    while (q + 1 + k_ <= kCodeBits && bit() == 0) ++q;
    if (q + 1 + k_ > kCodeBits) return 0;
    std::size_t low = 0;
    for (unsigned i = 0; i < k_; ++i) low = low << 1 | bit();
    return at_ / 8 > bytes_.size() ? 0 : (q << k_) + low + 1;
  }
  /// Bytes that the codes so far take, read-ahead included.
  std::size_t bytes_used() const { return at_ == 0 ? 0 : (at_ + 15) / 16 * 2 + 2; }

 private:
  std::size_t bit() {
    const std::size_t byte = at_ / 16 * 2 + (at_ % 16 < 8 ? 1 : 0), shift = 7 - at_ % 8;
    ++at_;
    return byte < bytes_.size() ? bytes_[byte] >> shift & 1u : 0;
  }
  std::span<const std::uint8_t> bytes_;
  unsigned k_;
  std::size_t at_ = 0;
};

void decode_level(std::span<const std::uint8_t> bytes, const Head& head, int level, LevelledWeights& w) {
  const std::size_t rows = static_cast<std::size_t>(w.shape.co), lanes = static_cast<std::size_t>(w.block);
  const std::size_t positions = w.shape.positions(w.block);
  ByteReader part(bytes.subspan(head.offset), "nested weights, level " + std::to_string(level));
  CodeReader codes(part.take(head.code_bytes), head.k);
  ByteReader counts(part.take(rows * head.count_bytes), "counts");
  ByteReader values(part.take(head.records * lanes), "values of level " + std::to_string(level));
  for (std::size_t row = 0; row < rows; ++row) {
    const auto fail = [&](const std::string& what) {
      return input_error("nested weights: row " + std::to_string(row) + ", level " + std::to_string(level) +
                         ": " + what);
    };
    const std::size_t count =
        head.count_bytes == 1 ? counts.read<std::uint8_t>() : counts.read<std::uint16_t>();
    std::size_t next = 0;  // position + 1
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t gap = codes.read();
      next += gap;
      if (gap == 0) throw fail("a code longer than 16 bits");
      if (next > positions)
        throw fail("position " + std::to_string(next - 1) + " of " + std::to_string(positions));
      Block block;
      bool zero = true;
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        block.lane[lane] = values.read<std::int8_t>();
        zero = zero && block.lane[lane] == 0;
      }
      if (zero && gap == longest_gap(head.k) && i + 1 < count) continue;
      std::uint8_t& level_here = w.level[row * positions + next - 1];
      if (level_here != 0)
        throw fail("position " + std::to_string(next - 1) + " is already of level " +
                   std::to_string(level_here));
      level_here = static_cast<std::uint8_t>(level);
      if (!set_block(w, row, next - 1, block)) throw fail("a weight beyond the last channel is not zero");
    }
  }
  if (values.remaining() != 0 || codes.bytes_used() != head.code_bytes)
    throw input_error("nested weights: level " + std::to_string(level) + " holds more than its rows count");
}

std::size_t level_end(const Head& head, const WeightShape& shape, int block) {
  const std::size_t end = head.offset + head.code_bytes +
                          static_cast<std::size_t>(shape.co) * head.count_bytes +
                          head.records * static_cast<std::size_t>(block);
  return (end + 3) / 4 * 4;
}

}  // namespace

std::vector<std::uint8_t> encode_nested_rice(const LevelledWeights& w) {
  check_levels(w);
  ByteWriter heads, body;
  const std::size_t body_at = kHeadBytes * static_cast<std::size_t>(w.levels);
  for (int level = 1; level <= w.levels; ++level) {
    const EncodedLevel encoded = encode_level(w, level);
    const std::size_t most = *std::max_element(encoded.counts.begin(), encoded.counts.end());
    const bool wide = most > 255;
    heads.write(static_cast<std::uint32_t>(body_at + body.size()));
    heads.write(static_cast<std::uint32_t>(encoded.records));
    heads.write(static_cast<std::uint32_t>(encoded.codes.size()));
    heads.write(static_cast<std::uint8_t>(encoded.k));
    heads.write(static_cast<std::uint8_t>(wide ? 2 : 1));
    heads.write(std::uint16_t{0});
    body.append(encoded.codes);
    for (const std::size_t count : encoded.counts)
      if (wide)
        body.write(static_cast<std::uint16_t>(count));
      else
        body.write(static_cast<std::uint8_t>(count));
    body.append(encoded.values);
    body.align(4);
  }
  heads.append(body.bytes());
  return heads.bytes();
}

LevelledWeights decode_nested_rice(std::span<const std::uint8_t> bytes, const WeightShape& shape, int block,
                                   int levels) {
  LevelledWeights w{shape, block, levels, {}, {}};
  w.values.resize(shape.count());
  w.level.resize(static_cast<std::size_t>(shape.co) * shape.positions(block));
  std::size_t at = kHeadBytes * static_cast<std::size_t>(levels);
  for (int level = 1; level <= levels; ++level) {
    const Head head = read_head(bytes, level - 1);
    if (head.offset != at || head.k > kMostLowBits || head.count_bytes < 1 || head.count_bytes > 2)
      throw input_error("nested weights: the head of level " + std::to_string(level) + " is impossible");
    if (at > bytes.size()) throw input_error("nested weights: truncated");
    decode_level(bytes, head, level, w);
    at = level_end(head, shape, block);
  }
  if (at != bytes.size())
    throw input_error("nested weights: " + std::to_string(bytes.size()) + " bytes instead of " +
                      std::to_string(at));
  return w;
}

RicePayload rice_payload(std::span<const std::uint8_t> bytes, int block, int levels) {
  RicePayload payload;
  for (int level = 0; level < levels; ++level) {
    const Head head = read_head(bytes, level);
    payload.values += head.records * static_cast<std::size_t>(block);
    payload.indices += head.code_bytes;
  }
  payload.counters = bytes.size() - payload.values - payload.indices;
  return payload;
}

}  // namespace ns::pack
