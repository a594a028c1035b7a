// Rows of planar int8 to the words of a strip (plan.h).
#pragma once

#include "kernels/m7/plan.h"

namespace nsrt::m7 {

class Strip;

/// What a word holds.
enum class WordKind : std::uint8_t {
  kPixels,  ///< (q_low + 128) + 2^24·q_high: two pixels of a channel, high `distance` output columns to the
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

extern "C" {
void nsrt_m7_expand_pixels(const ExpandRows*);
void nsrt_m7_expand_pixels_2(const ExpandRows*);  ///< horizontal stride 2
void nsrt_m7_expand_channels(const ExpandRows*);
void nsrt_m7_expand_channels_2(const ExpandRows*);
}

class Expander {
 public:
  Expander(const Plan& plan, WordKind kind, std::uint32_t distance, std::int8_t padding);

  /// From now on for this strip: its columns, and the rows that it does not have yet.
  void aim(const Strip& strip);

  /// Expands a channel, or two, to plane `index` of the strip.
  void plane(const std::int8_t* first, const std::int8_t* second, std::uint32_t index);

 private:
  static constexpr std::uint32_t kMostPhases = 2;  // that expand.S knows
  struct Phase {
    ExpandRows rows;
    std::uint32_t column;         // of the input: first word that lies inside
    std::uint32_t first, second;  // bytes from the begin of a plane to that word
    std::uint32_t to;             // words from the begin of a strip's plane
  };

  std::uint32_t phases() const { return least(plan_.w.sw, plan_.w.kw); }
  void set_column(std::uint32_t x0);
  bool set_phase(std::uint32_t phase);
  void fill(std::uint32_t rows, std::uint32_t* to) const;
  void any_rows(const std::int8_t* first, const std::int8_t* second, std::uint32_t count,
                std::uint32_t* to) const;

  const Plan& plan_;
  const WordKind kind_;
  const std::int32_t distance_;  // in input columns
  const std::int32_t padding_;
  void (*const expand_)(const ExpandRows*);
  std::uint32_t x0_ = UINT32_MAX;
  std::int32_t column_ = 0;                           // first input column; in the padding where negative
  bool regular_ = false;                              // phases_ describe all rows that lie inside
  std::uint32_t above_ = 0, inside_ = 0, below_ = 0;  // rows to expand: padding, input, padding
  std::uint32_t first_row_ = 0;                       // of the input
  std::uint32_t* to_ = nullptr;                       // plane 0
  Phase phases_[kMostPhases];
};

}  // namespace nsrt::m7
