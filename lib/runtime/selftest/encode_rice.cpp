// The self-test's own encoder of encoding 4, for targets without a heap: one pass over a level for its codes,
// one for its counts and weights.
#include "kernels/rice.h"
#include "selftest/encode_case.h"

namespace nsrt::selftest {
namespace {

// Calls visit(gap, position) for every record of one row and level, position −1 for fillers.
template <class Visit>
void visit_records(const KernelCase& c, std::uint32_t row, std::uint32_t level, std::uint32_t k,
                   Visit visit) {
  const Window& w = c.window;
  const std::uint32_t positions = (w.ci + c.block - 1u) / c.block * w.kh * w.kw;
  const std::int32_t most = (16 - static_cast<std::int32_t>(k)) << k;
  std::int32_t previous = -1;
  for (std::uint32_t p = 0; p < positions; ++p) {
    if (case_level(c, row, p / w.kw / w.kh, p / w.kw % w.kh, p % w.kw) != level) continue;
    std::int32_t gap = static_cast<std::int32_t>(p) - previous;
    for (; gap > most; gap -= most) visit(static_cast<std::uint32_t>(most), -1);
    visit(static_cast<std::uint32_t>(gap), static_cast<std::int32_t>(p));
    previous = static_cast<std::int32_t>(p);
  }
}

class BitWriter {
 public:
  explicit BitWriter(std::uint8_t* to) : to_(to) {}
  void put(bool bit) {
    if (used_ % 16 == 0) to_[used_ / 8] = to_[used_ / 8 + 1] = 0;
    if (bit) to_[used_ / 16 * 2 + (used_ % 16 < 8 ? 1 : 0)] |= static_cast<std::uint8_t>(0x80u >> used_ % 8);
    ++used_;
  }
  void code(std::uint32_t gap, std::uint32_t k) {
    for (std::uint32_t q = (gap - 1) >> k; q > 0; --q) put(false);
    put(true);
    for (std::uint32_t bit = k; bit-- > 0;) put(((gap - 1) >> bit & 1) != 0);
  }
  // Fills the last halfword and adds the one that decoders read ahead.
  std::uint32_t finish() {
    if (used_ == 0) return 0;
    while (used_ % 16 != 0) put(false);
    for (int i = 0; i < 16; ++i) put(false);
    return used_ / 8;
  }

 private:
  std::uint8_t* to_;
  std::uint32_t used_ = 0;
};

std::uint8_t* encode_weights(const KernelCase& c, std::uint32_t row, std::int32_t position,
                             std::uint8_t* to) {
  const std::uint32_t taps = std::uint32_t{c.window.kh} * c.window.kw;
  for (std::uint32_t i = 0; i < c.block; ++i) {
    const auto p = static_cast<std::uint32_t>(position);
    const std::uint32_t channel = p / taps * c.block + i;
    const bool real = position >= 0 && channel < c.window.ci;
    *to++ = real ? static_cast<std::uint8_t>(
                       case_weight(c, row, channel, p / c.window.kw % c.window.kh, p % c.window.kw))
                 : 0;
  }
  return to;
}

// Returns where the next level starts.
std::uint8_t* encode_level(const KernelCase& c, std::uint32_t level, std::uint32_t k, std::uint8_t* to,
                           RiceHead& head) {
  BitWriter codes(to);
  std::uint32_t most_in_row = 0;
  for (std::uint32_t row = 0; row < c.window.co; ++row) {
    const std::uint32_t before = head.records;
    visit_records(c, row, level, k, [&](std::uint32_t gap, std::int32_t) {
      codes.code(gap, k);
      ++head.records;
    });
    if (head.records - before > most_in_row) most_in_row = head.records - before;
  }
  head.code_bytes = codes.finish();
  head.k = static_cast<std::uint8_t>(k);
  head.count_bytes = most_in_row > 255 ? 2 : 1;
  std::uint8_t* count = to + head.code_bytes;
  std::uint8_t* weights = count + c.window.co * head.count_bytes;
  for (std::uint32_t row = 0; row < c.window.co; ++row) {
    std::uint32_t records = 0;
    visit_records(c, row, level, k, [&](std::uint32_t, std::int32_t position) {
      weights = encode_weights(c, row, position, weights);
      ++records;
    });
    *count++ = static_cast<std::uint8_t>(records);
    if (head.count_bytes == 2) *count++ = static_cast<std::uint8_t>(records >> 8);
  }
  while ((weights - to) % 4 != 0) *weights++ = 0;
  return weights;
}

}  // namespace

std::uint32_t encode_rice(const KernelCase& c, std::uint8_t* to) {
  std::uint8_t* at = to + kRiceLevelBytes * c.levels;
  for (std::uint32_t level = 1; level <= c.levels; ++level) {
    RiceHead& head = reinterpret_cast<RiceHead*>(to)[level - 1];
    head = {static_cast<std::uint32_t>(at - to), 0, 0, 0, 0, 0};
    at = encode_level(c, level, (c.seed >> 7) % 5 + level % 2, at, head);
  }
  return static_cast<std::uint32_t>(at - to);
}

}  // namespace nsrt::selftest
