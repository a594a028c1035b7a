// Rows of planar int8 to the words of a strip (plan.h).
#pragma once

#include "kernels/m7/plan.h"

namespace nsrt::m7 {

/// What a word holds.
enum class WordKind : std::uint8_t {
  kPixels,  ///< (q_low + 128) + 2^24·q_high: two pixels of a channel, the high one `distance` columns to the
            ///< right
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
};

class Expander {
 public:
  Expander(const Plan& plan, WordKind kind, std::uint32_t distance, std::int8_t padding);

  /// Output column from which the words of a row are counted.
  void set_column(std::uint32_t x0);

  /// Expands input rows begin … end − 1 of a plane or two (which may lie outside: padding) to word rows from
  /// `to` on.
  void rows(const std::int8_t* first, const std::int8_t* second, std::int32_t begin, std::int32_t end,
            std::uint32_t* to);

 private:
  static constexpr std::uint32_t kMostPhases = 2;
  struct Phase {
    ExpandRows rows;
    std::uint32_t offset;  // of the first inside column in a row
  };

  bool set_phase(std::uint32_t phase);
  std::uint32_t* fill(std::uint32_t rows, std::uint32_t* to) const;
  void any_rows(const std::int8_t* first, const std::int8_t* second, std::uint32_t count,
                std::uint32_t* to) const;

  const Plan& plan_;
  const WordKind kind_;
  const std::int32_t distance_;  // in input columns
  const std::int32_t padding_;
  std::int32_t column_ = 0;  // first input column, left of the padding where negative
  bool regular_ = false;     // phases_ describe all rows
  Phase phases_[kMostPhases];
};

extern "C" {
void nsrt_m7_expand_pixels(const ExpandRows*);
void nsrt_m7_expand_pixels_2(const ExpandRows*);  ///< horizontal stride 2
void nsrt_m7_expand_channels(const ExpandRows*);
void nsrt_m7_expand_channels_2(const ExpandRows*);
}

}  // namespace nsrt::m7
