// Rows of planar int8 to the words of a strip (plan.h).
#pragma once

#include "kernels/m7/plan.h"

namespace nsrt::m7 {

class Strip;

/// What a word holds.
enum class WordKind : std::uint8_t {
  kPixels,    ///< (q_low + 128) + 2^24·q_high: two pixels of a channel, as far apart as the plan says
  kChannels,  ///< one pixel of two channels, int16 each
};

/// Rows between the edges, for expand.S.
struct ExpandRows {
  std::uint32_t* to;
  const std::int8_t *first, *second;  ///< where the words that lie inside begin
  std::uint32_t rows;
  std::uint32_t left, groups, tail, right;  ///< words per row: edge, groups of four, single, edge
  std::uint32_t pad_left, pad_right;
  std::uint32_t row_step, to_step;  ///< bytes from the end of a row to the begin of the next
  std::uint32_t planes;             ///< counts down
  std::uint32_t first_step, second_step,
      plane_to_step;  ///< from the last row of a plane to the first of the next
};

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
    void (*expand)(ExpandRows*);
    std::uint32_t column;      // of the input: first word that lies inside
    std::uint32_t last_right;  // words of the right edge that only the last row needs
  };
  // Where a row of words comes from: a row of every plane, or padding for all of them.
  struct Source {
    const std::int8_t* row;
    std::uint32_t plane_step;  // bytes
  };

  void set_column(std::uint32_t x0);
  bool set_phase(std::uint32_t phase);
  void planes(const Strip& strip, const std::int8_t* first, const std::int8_t* second, std::uint32_t step,
              std::uint32_t index, std::uint32_t count);
  void rows(Source first, Source second, std::uint32_t rows, std::uint32_t planes, std::uint32_t* to);
  void any_rows(Source first, Source second, std::uint32_t rows, std::uint32_t planes,
                std::uint32_t* to) const;
  void last_edges(std::uint32_t planes, std::uint32_t* row) const;
  void fill(std::uint32_t rows, std::uint32_t planes, std::uint32_t* to) const;

  const Plan& plan_;
  const WordKind kind_;
  const bool edges_differ_;      // a word at the edge of a row is half inside
  const std::int32_t distance_;  // between a word's pixels, in input columns
  const std::int32_t padding_;
  void (*const expand_)(ExpandRows*);
  std::int8_t* const pad_row_;
  std::uint32_t x0_ = UINT32_MAX;
  std::int32_t column_ = 0;  // first input column; in the padding where negative
  bool regular_ = false;     // phases_ describe all rows
  Phase phases_[kMostPhases] = {};
};

}  // namespace nsrt::m7
