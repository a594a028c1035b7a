// The walk that all M7 convolutions share: strip by strip, the input rows are expanded and the tiles laid
// out.
#pragma once

#include "kernels/m7/decode.h"
#include "kernels/m7/expand.h"

namespace nsrt::m7 {

/// Stack that may lie between the caller of a kernel and tiles.S.
constexpr std::uint32_t kStackRoom = 512;

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
  std::uint32_t tile_rows() const { return plan.pairs_rows ? plan.tile_rows : rows; }
  std::uint32_t tiles() const { return tile_rows() * plan.tiles_per_row; }

  /// Bytes from the begin of an output plane to this strip.
  std::uint32_t out_offset() const { return y0 * plan.w.ow + x0; }
  /// Where the tiles write while a row goes to `out` (of this strip): some
  /// plans need a buffer.
  std::int8_t* target(std::int8_t* out) const { return plan.bounces() ? bounce_buffer() : out; }
  /// After the row.
  void row_done(std::int8_t* out) const {
    if (plan.bounces()) copy_bounced(out);
  }
  /// Bytes from an output to that of the word's other half or of the row that is computed with it; 0: nowhere
  /// else.
  void set_second_out(std::uint32_t bytes);

  Tile* tile_list() const { return reinterpret_cast<Tile*>(scratch + plan.tiles_at); }
  std::int32_t* sums() const { return reinterpret_cast<std::int32_t*>(scratch + plan.sums_at); }
  std::int32_t* lows() const { return reinterpret_cast<std::int32_t*>(scratch + plan.lows_at); }
  DenseTap* dense_taps() const { return reinterpret_cast<DenseTap*>(scratch + plan.taps_at); }
  std::uint16_t* taps() const { return reinterpret_cast<std::uint16_t*>(scratch + plan.taps_at); }

  /// Output rows, and bytes, between a word's two pixels.
  std::uint32_t second_row() const { return plan.rows - plan.word_rows; }
  std::uint32_t second_pixel() const { return second_row() * plan.w.ow + plan.column_distance(); }

  /// Word offset of a tap in its plane.
  std::uint16_t tap_word(std::uint32_t ky, std::uint32_t kx) const {
    const std::uint32_t stride = plan.row_stride();
    const std::uint32_t row = ky % stride * plan.parity_words + ky / stride * plan.row_words;
    return static_cast<std::uint16_t>(row + kx % plan.w.sw * plan.phase_words + kx / plan.w.sw);
  }
  /// Word offset of every position (docs/format/nsm.md) with `step` planes per channel block.
  void write_taps(std::uint32_t blocks, std::uint32_t step) const;

 private:
  std::int8_t* bounce_buffer() const { return reinterpret_cast<std::int8_t*>(scratch + plan.bounce_at); }
  std::uint32_t bounced_second() const { return plan.joins_rows ? plan.half : kTileWords; }
  void copy_bounced(std::int8_t* out) const;
  void lay_tiles();
  void end_tiles(std::uint32_t count);

  const std::uint32_t stack_base_;
  std::uint32_t laid_tiles_ = 0;
  std::uint32_t second_out_ = 0;
};

}  // namespace nsrt::m7
