#include "kernels/m7/strip.h"

#include <cstring>

namespace nsrt::m7 {
namespace {

std::uint32_t tile_word(const Plan& p, std::uint32_t row, std::uint32_t tile) {
  const std::uint32_t x = tile * kTileWords;
  return row * p.w.sh * p.row_words + (p.half < kTileWords ? 0 : least(x, p.half - kTileWords));
}

std::uint32_t last_tile_bytes(const Plan& p) {
  return tile_word(p, p.tile_rows - 1, p.tiles_per_row - 1) * 4;
}

std::uint32_t stack_base(const Plan& p, std::uint32_t stack) {
  return (stack - kStackRoom - last_tile_bytes(p)) & ~7u;
}

void copy_word(std::int8_t* to, const std::int8_t* from) {
  std::uint32_t word;
  std::memcpy(&word, from, 4);
  std::memcpy(to, &word, 4);
}

}  // namespace

Strip::Strip(const Plan& p, void* scratch_bytes, std::uint32_t stack)
    : plan(p),
      scratch(static_cast<std::uint8_t*>(scratch_bytes)),
      control(*reinterpret_cast<Control*>(scratch + p.control_at)),
      words(reinterpret_cast<std::uint32_t*>(scratch)),
      origin(static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(scratch)) - stack_base(p, stack)),
      stack_base_(stack_base(p, stack)) {
  control.highest_stack = stack_base_ + last_tile_bytes(p);
  lay_tiles();
}

bool Strip::next() {
  const Window& w = plan.w;
  if (rows != 0) {
    y0 += rows;
    if (y0 == w.oh) {
      y0 = 0;
      if (x0 + plan.span == w.ow) {
        rows = x0 = 0;
        return false;
      }
      x0 = least(x0 + plan.span, w.ow - plan.span);
    }
  }
  rows = least(plan.rows, w.oh - y0);
  if (tiles() != laid_tiles_) end_tiles(tiles());
  kept_rows = y0 != 0 && plan.rows * w.sh < plan.in_rows ? plan.in_rows - plan.rows * w.sh : 0;
  if (kept_rows != 0) {
    const std::uint32_t from = (plan.in_rows - kept_rows) * plan.row_words;
    for (std::uint32_t plane = 0; plane < plan.planes; ++plane) {
      std::uint32_t* const to = words + plane * plan.plane_words;
      nsrt_m7_move_words(to, to + from, kept_rows * plan.row_words);
    }
  }
  return true;
}

void Strip::lay_tiles() {
  const std::uint32_t count = plan.tile_rows * plan.tiles_per_row;
  Tile* tile = tile_list();
  for (std::uint32_t row = 0; row < plan.tile_rows; ++row) {
    for (std::uint32_t t = 0; t < plan.tiles_per_row; ++t, ++tile) {
      tile->stack = stack_base_ + tile_word(plan, row, t) * 4;
      const std::uint32_t column = plan.half < kTileWords ? 0 : least(t * kTileWords, plan.half - kTileWords);
      tile->out = row * (plan.bounces() ? 2 * kTileWords : plan.w.ow) + column;
    }
  }
  tile->stack = 0;
  laid_tiles_ = count;
}

// Ends the list of tiles after `count`.
void Strip::end_tiles(std::uint32_t count) {
  if (laid_tiles_ < plan.tile_rows * plan.tiles_per_row) {
    const std::uint32_t row = laid_tiles_ / plan.tiles_per_row;
    tile_list()[laid_tiles_].stack = stack_base_ + tile_word(plan, row, 0) * 4;
  }
  tile_list()[count].stack = 0;
  laid_tiles_ = count;
}

void Strip::set_second_out(std::uint32_t bytes) {
  second_out_ = bytes;
  control.second_out = plan.bounces() ? bounced_second() : bytes;
}

void Strip::copy_bounced(std::int8_t* out) const {
  const std::int8_t* from = bounce_buffer();
  const std::uint32_t from_step = plan.joins_rows ? plan.row_words : 2 * kTileWords, to_step = plan.w.ow;
  const std::uint32_t from_second = bounced_second(), to_second = second_out_, count = plan.row_outputs();
  std::uint32_t rows_left = word_rows();
  if (count >= 4 && count <= 8) {  // two words, which may overlap
    const std::uint32_t last = count - 4, from_last = from_second + last, to_last = to_second + last;
    for (; rows_left > 0; --rows_left, out += to_step, from += from_step) {
      copy_word(out + to_second, from + from_second);
      copy_word(out + to_last, from + from_last);
      copy_word(out, from);
      copy_word(out + last, from + last);
    }
  }
  for (; rows_left > 0; --rows_left, out += to_step, from += from_step) {
    for (std::uint32_t i = 0; i < count; ++i) {
      out[to_second + i] = from[from_second + i];
      out[i] = from[i];
    }
  }
}

void Strip::write_taps(std::uint32_t blocks, std::uint32_t step) const {
  std::uint16_t* to = taps();
  const Window& w = plan.w;
  for (std::uint32_t block = 0; block < blocks; ++block) {
    const std::uint32_t plane = block * step * plan.plane_words;
    for (std::uint32_t ky = 0; ky < w.kh; ++ky) {
      for (std::uint32_t kx = 0; kx < w.kw; ++kx)
        *to++ = static_cast<std::uint16_t>(plane + tap_word(ky, kx));
    }
  }
}

}  // namespace nsrt::m7
