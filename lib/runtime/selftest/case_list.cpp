// Which cases there are. Shapes: 1, primes, channels 31/32/33, tile ± 1 columns, strides, padding on one side
// only, kernels larger than the image, rows longer than a gap of 255 and than the M7's 24-bit lane.
#include <array>

#include "selftest/kernel_case.h"

namespace nsrt::selftest {
namespace {

constexpr Window kConvShapes[] = {
    // ih iw ci  oh ow co  kh kw sh sw top left
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0},
    {1, 1, 5, 1, 1, 3, 1, 1, 1, 1, 0, 0},
    {1, 1, 64, 1, 1, 3, 3, 3, 1, 1, 1, 1},    // taps in the padding only, but for one
    {2, 3, 128, 2, 3, 2, 3, 3, 1, 1, 1, 1},   // 1152 positions: several fillers in a row
    {3, 11, 64, 3, 11, 3, 3, 3, 1, 1, 1, 1},  // 576 taps of ±127 leave the M7's 24-bit lane
    {5, 7, 3, 5, 7, 5, 3, 3, 1, 1, 1, 1},
    {4, 4, 31, 4, 4, 5, 3, 3, 1, 1, 1, 1},
    {8, 8, 32, 8, 8, 32, 3, 3, 1, 1, 1, 1},
    {3, 5, 33, 3, 5, 3, 3, 3, 1, 1, 1, 1},
    {6, 6, 4, 6, 6, 31, 1, 1, 1, 1, 0, 0},
    {5, 5, 4, 5, 5, 33, 1, 1, 1, 1, 0, 0},
    {16, 16, 4, 16, 16, 8, 3, 3, 1, 1, 1, 1},
    {17, 17, 3, 17, 17, 2, 3, 3, 1, 1, 1, 1},
    {32, 32, 3, 32, 32, 2, 3, 3, 1, 1, 1, 1},
    {8, 8, 4, 4, 4, 3, 3, 3, 2, 2, 0, 0},  // padding below and right only
    {9, 7, 5, 5, 4, 7, 3, 3, 2, 2, 1, 1},
    {16, 16, 8, 8, 8, 8, 3, 3, 2, 2, 0, 0},
    {7, 5, 16, 4, 3, 17, 1, 1, 2, 2, 0, 0},
    {8, 8, 16, 4, 4, 9, 1, 1, 2, 2, 0, 0},
    {6, 6, 3, 3, 3, 4, 2, 2, 2, 2, 0, 0},
    {6, 6, 3, 6, 6, 5, 5, 5, 1, 1, 2, 2},
    {2, 2, 3, 2, 2, 3, 5, 5, 1, 1, 2, 2},  // kernel larger than the image
    {7, 8, 2, 3, 4, 3, 4, 3, 3, 2, 2, 0},  // everything different vertically and horizontally
    {9, 9, 2, 2, 3, 2, 3, 3, 2, 1, 0, 2},  // rows and columns that no window reads
    {1, 31, 2, 1, 31, 3, 1, 3, 1, 1, 0, 1},
    {31, 1, 2, 31, 1, 3, 3, 1, 1, 1, 1, 0},
    {3, 3, 8, 3, 3, 4, 1, 1, 1, 1, 0, 0},  // columns around the widths of a tile
    {2, 7, 8, 2, 7, 3, 3, 3, 1, 1, 1, 1},
    {2, 8, 8, 2, 8, 3, 3, 3, 1, 1, 1, 1},
    {2, 9, 8, 2, 9, 3, 3, 3, 1, 1, 1, 1},
    {3, 15, 5, 3, 15, 3, 1, 1, 1, 1, 0, 0},
    {3, 16, 5, 3, 16, 3, 1, 1, 1, 1, 0, 0},
    {3, 17, 5, 3, 17, 3, 1, 1, 1, 1, 0, 0},
    {7, 7, 6, 7, 7, 4, 3, 3, 1, 1, 1, 1},
    {25, 5, 4, 25, 5, 3, 3, 3, 1, 1, 1, 1},  // narrow and high
    {11, 14, 4, 11, 5, 3, 3, 3, 1, 3, 1, 1},
    {17, 5, 6, 7, 2, 3, 6, 6, 2, 2, 0, 2},
};

constexpr Window kDepthwiseShapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0},     {1, 1, 3, 1, 1, 3, 3, 3, 1, 1, 1, 1},
    {5, 7, 3, 5, 7, 3, 3, 3, 1, 1, 1, 1},     {8, 8, 31, 8, 8, 31, 3, 3, 1, 1, 1, 1},
    {8, 8, 32, 4, 4, 32, 3, 3, 2, 2, 0, 0},   {7, 9, 33, 4, 5, 33, 3, 3, 2, 2, 1, 1},
    {16, 16, 5, 16, 16, 5, 3, 3, 1, 1, 1, 1}, {17, 15, 2, 17, 15, 2, 3, 3, 1, 1, 1, 1},
    {6, 6, 3, 6, 6, 3, 5, 5, 1, 1, 2, 2},     {2, 2, 3, 2, 2, 3, 5, 5, 1, 1, 2, 2},
    {7, 8, 2, 3, 4, 2, 4, 3, 3, 2, 2, 0},     {10, 5, 4, 10, 5, 4, 1, 1, 1, 1, 0, 0},
    {12, 1, 4, 12, 1, 4, 3, 1, 1, 1, 1, 0},   {2, 3, 5, 2, 3, 5, 3, 3, 1, 1, 1, 1},
    {24, 10, 3, 8, 8, 3, 7, 3, 3, 1, 1, 0},   {32, 32, 2, 32, 32, 2, 3, 3, 1, 1, 1, 1},
    {25, 5, 9, 25, 5, 9, 3, 3, 1, 1, 1, 1},   {49, 10, 2, 25, 5, 2, 10, 4, 2, 2, 4, 1},
    {11, 14, 3, 11, 5, 3, 3, 3, 1, 3, 1, 1},
};

constexpr Window kMaxPoolShapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0},   {8, 8, 5, 4, 4, 5, 2, 2, 2, 2, 0, 0},
    {9, 7, 33, 5, 4, 33, 3, 3, 2, 2, 1, 1}, {7, 7, 3, 3, 3, 3, 3, 3, 2, 2, 0, 0},
    {8, 8, 2, 4, 4, 2, 3, 3, 2, 2, 0, 0},   {2, 2, 3, 2, 2, 3, 5, 5, 1, 1, 2, 2},
    {5, 13, 2, 5, 5, 2, 1, 3, 1, 3, 0, 1},  {3, 301, 2, 2, 151, 2, 3, 3, 2, 2, 1, 1},
    {9, 9, 3, 9, 9, 3, 9, 7, 1, 1, 4, 3},   {2, 270, 1, 2, 270, 1, 2, 2, 1, 1, 0, 1},
    {3, 2, 5, 3, 2, 5, 3, 3, 1, 1, 1, 1},   {1, 260, 1, 1, 3, 1, 1, 255, 1, 2, 0, 0},
};

constexpr Window kAveragePoolShapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0},     {8, 8, 33, 1, 1, 33, 8, 8, 1, 1, 0, 0},
    {8, 8, 5, 4, 4, 5, 2, 2, 2, 2, 0, 0},     {7, 9, 3, 3, 4, 3, 3, 3, 2, 2, 0, 0},
    {25, 5, 16, 1, 1, 16, 25, 5, 1, 1, 0, 0}, {5, 8, 2, 4, 2, 2, 2, 3, 1, 4, 0, 0},
};

constexpr Window kGatedShapes[] = {
    {1, 1, 1, 1, 1, 3, 1, 1, 1, 1, 0, 0},   {5, 7, 3, 5, 7, 5, 3, 3, 1, 1, 1, 1},
    {7, 5, 2, 7, 5, 1, 3, 3, 1, 1, 1, 1},   {3, 5, 9, 3, 5, 8, 3, 3, 1, 1, 1, 1},
    {8, 8, 16, 8, 8, 16, 3, 3, 1, 1, 1, 1}, {16, 16, 8, 8, 8, 12, 3, 3, 2, 2, 0, 0},
    {6, 6, 31, 6, 6, 9, 1, 1, 1, 1, 0, 0},  {4, 4, 32, 4, 4, 33, 3, 3, 1, 1, 1, 1},
    {7, 8, 10, 3, 4, 6, 4, 3, 3, 2, 2, 0},
};

struct LinearShape {
  std::uint16_t inputs, units;
};
constexpr LinearShape kLinearShapes[] = {{1, 1},   {3, 2},    {4, 4},    {31, 5},    {32, 33},  {33, 7},
                                         {64, 10}, {127, 64}, {576, 10}, {1024, 10}, {1031, 3}, {2049, 2}};
constexpr std::uint16_t kAddCounts[] = {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 1000, 2048};

constexpr std::uint8_t kBlocks[] = {1, 2, 4};
constexpr std::uint8_t kLevelCounts[] = {3, 1, 2, 8, 3};
constexpr CaseValues kRowValues[] = {CaseValues::kMixed, CaseValues::kTies, CaseValues::kExtreme};
constexpr CaseValues kRiceValues[] = {CaseValues::kMixed, CaseValues::kExtreme, CaseValues::kFull};
constexpr CaseValues kSparseValues[] = {CaseValues::kMixed, CaseValues::kTies, CaseValues::kExtreme,
                                        CaseValues::kFull};

char* append(char* to, const char* text) {
  while (*text != 0) *to++ = *text++;
  *to = 0;
  return to;
}

char* append(char* to, const char* text, std::uint32_t number) {
  to = append(to, text);
  char digits[11];
  char* d = digits + 10;
  *d = 0;
  do *--d = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  return append(to, d);
}

constexpr const char* kKindNames[] = {"conv",
                                      "conv_ncsr",
                                      "dwconv",
                                      "conv_gated",
                                      "linear",
                                      "linear_i16",
                                      "linear_ncsr",
                                      "linear_ncsr_i16",
                                      "conv_rice",
                                      "linear_rice",
                                      "linear_rice_i16",
                                      "max_pool",
                                      "avg_pool",
                                      "add",
                                      "add_into_a",
                                      "add_into_b",
                                      "bconv",
                                      "bconv_i8",
                                      "step"};
constexpr const char* kValueNames[] = {" mixed", " ties", " extreme", " full"};

// One walk over the list: counts, and stops at the wanted case.
class Walk {
 public:
  explicit Walk(std::uint32_t wanted) : wanted_(wanted) {}
  bool offer(CaseKind kind, const Window& window, CaseValues values, std::uint8_t block = 0,
             std::uint8_t levels = 1) {
    if (index_++ != wanted_) return false;
    found_ = {kind, values, block, levels, window, 0x9E3779B9u * (wanted_ + 1), {}};
    return true;
  }
  std::uint32_t index() const { return index_; }
  const KernelCase& found() const { return found_; }

 private:
  std::uint32_t wanted_;
  std::uint32_t index_ = 0;
  KernelCase found_{};
};

bool walk_rows(Walk& walk, CaseKind dense, CaseKind sparse, CaseKind rice, const Window& window,
               std::uint32_t shape) {
  for (CaseValues values : kRowValues) {
    if (walk.offer(dense, window, values)) return true;
  }
  for (std::uint8_t block : kBlocks) {
    for (CaseValues values : kSparseValues) {
      const auto pick = (shape + block + static_cast<unsigned>(values)) % std::size(kLevelCounts);
      if (walk.offer(sparse, window, values, block, kLevelCounts[pick])) return true;
    }
    for (CaseValues values : kRiceValues) {
      const auto pick = (shape + block + 1u + static_cast<unsigned>(values)) % std::size(kLevelCounts);
      if (walk.offer(rice, window, values, block, kLevelCounts[pick])) return true;
    }
  }
  return false;
}

bool walk_all(Walk& walk) {
  for (std::uint32_t i = 0; i < std::size(kConvShapes); ++i) {
    if (walk_rows(walk, CaseKind::kConvDense, CaseKind::kConvSparse, CaseKind::kConvRice, kConvShapes[i], i))
      return true;
  }
  for (const Window& window : kConvShapes) {
    for (std::uint8_t bits = 1; bits <= 3; ++bits) {
      const CaseValues values = bits == 2 ? CaseValues::kMixed : CaseValues::kExtreme;
      if (walk.offer(CaseKind::kBinaryLevels, window, values, bits)) return true;
      if (bits == 1 && walk.offer(CaseKind::kBinaryLevels, window, CaseValues::kMixed, bits)) return true;
    }
    if (walk.offer(CaseKind::kBinaryInt8, window, CaseValues::kMixed, 1) ||
        walk.offer(CaseKind::kBinaryInt8, window, CaseValues::kExtreme, 3)) {
      return true;
    }
  }
  for (const Window& window : kDepthwiseShapes) {
    const bool same = window.ih == window.oh && window.iw == window.ow;
    for (std::uint8_t bits = 1; same && bits <= 3; ++bits) {
      if (walk.offer(CaseKind::kStep, window, bits == 3 ? CaseValues::kExtreme : CaseValues::kMixed, bits))
        return true;
    }
  }
  for (const Window& window : kDepthwiseShapes) {
    for (CaseValues values : kRowValues) {
      if (walk.offer(CaseKind::kDepthwise, window, values)) return true;
    }
  }
  for (const Window& window : kGatedShapes) {
    for (CaseValues values : kRowValues) {
      if (walk.offer(CaseKind::kConvGated, window, values, 0, 3)) return true;
    }
  }
  for (std::uint32_t i = 0; i < std::size(kLinearShapes); ++i) {
    const Window window{1, 1, kLinearShapes[i].inputs, 1, 1, kLinearShapes[i].units, 1, 1, 1, 1, 0, 0};
    if (walk_rows(walk, CaseKind::kLinearDense8, CaseKind::kLinearSparse8, CaseKind::kLinearRice8, window,
                  i) ||
        walk_rows(walk, CaseKind::kLinearDense16, CaseKind::kLinearSparse16, CaseKind::kLinearRice16, window,
                  i + 2)) {
      return true;
    }
  }
  for (const Window& window : kMaxPoolShapes) {
    if (walk.offer(CaseKind::kMaxPool, window, CaseValues::kMixed)) return true;
  }
  for (const Window& window : kAveragePoolShapes) {
    for (CaseValues values : kRowValues) {
      if (walk.offer(CaseKind::kAveragePool, window, values)) return true;
    }
  }
  for (std::uint16_t count : kAddCounts) {
    const Window window{1, 1, count, 1, 1, count, 1, 1, 1, 1, 0, 0};
    for (CaseValues values : kRowValues) {
      if (walk.offer(CaseKind::kAdd, window, values) || walk.offer(CaseKind::kAddIntoFirst, window, values) ||
          walk.offer(CaseKind::kAddIntoSecond, window, values)) {
        return true;
      }
    }
  }
  return false;
}

void name_case(KernelCase& c) {
  const Window& w = c.window;
  char* to = append(c.id, kKindNames[static_cast<unsigned>(c.kind)]);
  if (c.linear() || c.add()) {
    to = append(to, " ", w.ci);
    if (c.linear()) to = append(to, "-", w.co);
  } else {
    to = append(append(append(to, " ", w.ih), "x", w.iw), "x", w.ci);
    to = append(append(append(to, "-", w.oh), "x", w.ow), "x", w.co);
    to = append(append(to, " k", w.kh), "x", w.kw);
    to = append(append(to, " s", w.sh), "x", w.sw);
    to = append(append(to, " p", w.pad_top), "x", w.pad_left);
  }
  if (c.binary() || c.kind == CaseKind::kStep) to = append(to, " bits ", c.block);
  if (c.sparse()) to = append(append(to, " b", c.block), " n", c.levels);
  append(to, kValueNames[static_cast<unsigned>(c.values)]);
}

}  // namespace

std::uint32_t kernel_case_count() {
  Walk walk(UINT32_MAX);
  walk_all(walk);
  return walk.index();
}

KernelCase kernel_case(std::uint32_t index) {
  Walk walk(index);
  walk_all(walk);
  KernelCase result = walk.found();
  name_case(result);
  return result;
}

}  // namespace nsrt::selftest
