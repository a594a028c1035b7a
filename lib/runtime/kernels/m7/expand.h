// Rows of planar int8 to the words of a strip (plan.h).
#pragma once

#include <cstddef>

#include "kernels/m7/plan.h"

namespace nsrt::m7 {

class Strip;

/// What a word holds.
enum class WordKind : std::uint8_t {
  kPixels,    ///< (q_low + 128) + 2^24·q_high: two pixels of a channel, as far apart as the plan says
  kChannels,  ///< one pixel of two channels, int16 each
};

/// Rows of words, for expand.S. Where rows are joined, all words of a plane are one row first.
struct ExpandRows {
  std::uint32_t left, pad_left;  ///< edge words per row, and what their padding is
  std::uint32_t groups;          ///< of four words inside
  std::uint32_t* to;
  const std::int8_t *first, *second;  ///< where the words that lie inside begin
  std::uint32_t rows;
  std::uint32_t tail;                     ///< single words inside
  std::uint32_t right, pad_right;         ///< edge words
  std::uint32_t row_step, to_step;        ///< bytes from the end of a row to the begin of the next
  std::uint32_t planes;                   ///< counts down
  std::uint32_t first_step, second_step;  ///< from the last row of a plane to the first of the next
  std::uint32_t plane_to_step;
  const char *row, *inside, *after;         ///< code of the parts of a row
  std::uint32_t joined_rows, joined_words;  ///< rows and their words inside; 0: not joined
};
#ifdef __arm__
static_assert(offsetof(ExpandRows, tail) == 28 && offsetof(ExpandRows, planes) == 48 &&
              offsetof(ExpandRows, row) == 64 && offsetof(ExpandRows, joined_rows) == 76);
#endif

class Expander {
 public:
  /// The scratch must be laid out as `plan` says.
  Expander(const Plan& plan, WordKind kind, std::int8_t padding, void* scratch);

  /// Expands the rows that a strip does not have yet, of `channels` channels from `in` on.
  void expand(const Strip& strip, const std::int8_t* in, std::uint32_t channels);

 private:
  static constexpr std::uint32_t kMostPhases = 2;  // that expand.S knows
  struct Phase {
    ExpandRows rows;
    std::uint32_t column;      // of the input: first word that lies inside
    std::uint32_t right_at;    // words of a row in front of the right edge
    std::uint32_t last_right;  // words of the right edge that only the last row needs
  };
  // Rows of words to make, and where they come from: rows of every plane, or padding for all of them.
  struct Rows {
    const std::int8_t *first, *second;
    std::uint32_t first_step, second_step;  // bytes from plane to plane
    std::uint32_t rows, planes;
    std::uint32_t* to;
  };

  void set_column(std::uint32_t x0);
  bool set_phase(std::uint32_t phase);
  void planes(const Strip& strip, const std::int8_t* first, const std::int8_t* second, std::uint32_t step,
              std::uint32_t index, std::uint32_t count);
  void rows(const Rows& job);
  void any_rows(const Rows& job) const;
  void last_edges(std::uint32_t planes, std::uint32_t* row) const;
  void fill(std::uint32_t rows, std::uint32_t planes, std::uint32_t* to) const;

  const Plan& plan_;
  const WordKind kind_;
  const bool edges_differ_;      // a word at the edge of a row is half inside
  const std::int32_t distance_;  // between a word's pixels, in input columns
  const std::int32_t padding_;
  std::int8_t* const pad_row_;
  std::uint32_t x0_ = UINT32_MAX;
  std::int32_t column_ = 0;  // first input column; in the padding where negative
  bool regular_ = false;     // phases_ describe all rows
  Phase phases_[kMostPhases] = {};
};

}  // namespace nsrt::m7
