// The walk that all M7 convolutions share: strip by strip, the input rows are expanded and the tiles laid
// out.
#pragma once

#include "kernels/m7/control.h"
#include "kernels/m7/expand.h"

namespace nsrt::m7 {

/// Stack that may lie between the caller of a kernel and tiles.S.
constexpr std::uint32_t kStackRoom = 256;

inline std::uint32_t stack_pointer() {
  std::uint32_t sp;
  asm volatile("mov %0, sp" : "=r"(sp));
  return sp;
}

class Strip {
 public:
  /// `stack`: the stack pointer of the kernel.
  Strip(const Plan& plan, void* scratch, std::uint32_t stack);

  const Plan& plan;
  std::uint8_t* const scratch;
  Control& control;
  std::uint32_t* const words;
  /// What an entry's address holds for word 0 of the strip: tile addresses are relative to the stack pointer.
  const std::uint32_t origin;

  std::uint32_t x0 = 0, y0 = 0;  ///< first output column and row of this strip
  std::uint32_t rows = 0;        ///< output rows of this strip
  std::uint32_t kept_rows = 0;   ///< input rows that the strip before has left in place

  /// To the next strip. False: that was all, and the next call starts again.
  bool next();

  /// Input rows that this strip has to expand: those outside the input are padding.
  std::int32_t first_new_row() const {
    return static_cast<std::int32_t>(y0 * plan.w.sh + kept_rows) - plan.w.pad_top;
  }
  std::int32_t end_row() const {
    return static_cast<std::int32_t>((y0 + word_rows() - 1) * plan.w.sh + plan.w.kh) - plan.w.pad_top;
  }
  std::uint32_t word_rows() const { return plan.pairs_rows ? plan.word_rows : rows; }
  std::uint32_t tiles() const { return word_rows() * plan.tiles_per_row; }

  /// Lets the tiles write to output plane `out`, and after every run move on by `step`. The second output of
  /// a sum lies `second_out` further on. Rows narrower than a tile go to a bounce buffer, from where row_done
  /// copies them.
  void aim(std::int8_t* out, std::uint32_t step, std::uint32_t second_out);
  void row_done() {
    if (bounces()) copy_bounced();
  }
  /// The second outputs of the runs to come repeat the first: to the same place.
  void ignore_second() {
    if (!bounces()) control.second_out = 0;
    bounced_second_ = 0;
  }
  /// All of the output in one strip: `aim` once, and later runs go to the next planes.
  bool is_whole() const { return plan.rows == plan.w.oh && plan.span == plan.w.ow; }

  Tile* tile_list() const { return reinterpret_cast<Tile*>(scratch + plan.tiles_at); }
  std::int32_t* sums() const { return reinterpret_cast<std::int32_t*>(scratch + plan.sums_at); }
  std::int32_t* lows() const { return reinterpret_cast<std::int32_t*>(scratch + plan.lows_at); }
  std::uint16_t* taps() const { return reinterpret_cast<std::uint16_t*>(scratch + plan.taps_at); }

  /// Output rows, and bytes, between a word's two pixels.
  std::uint32_t second_row() const { return plan.rows - plan.word_rows; }
  std::uint32_t second_pixel() const { return second_row() * plan.w.ow + plan.span - plan.half; }

  /// Word offset of every position (docs/format/nsm.md) with `step` planes per channel block.
  void write_taps(std::uint32_t blocks, std::uint32_t step) const;

 private:
  bool bounces() const { return plan.half < kTileWords; }
  void copy_bounced();

  const std::uint32_t stack_base_;
  std::int8_t* bounced_to_ = nullptr;
  std::uint32_t bounced_step_ = 0, bounced_second_ = 0;
};

}  // namespace nsrt::m7
