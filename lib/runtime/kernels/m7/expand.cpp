#include "kernels/m7/expand.h"

#include <cstring>

#include "kernels/m7/strip.h"

namespace nsrt::m7 {
namespace {

extern "C" {
void nsrt_m7_expand(ExpandRows*);
// Parts of a row (expand.S). _2: horizontal stride 2.
extern const char nsrt_m7_expand_padded[], nsrt_m7_expand_padded_right[], nsrt_m7_expand_joined[],
    nsrt_m7_expand_edged[], nsrt_m7_expand_edged_2[], nsrt_m7_expand_edged_right[],
    nsrt_m7_expand_edged_right_2[], nsrt_m7_expand_pixels[], nsrt_m7_expand_pixels_2[],
    nsrt_m7_expand_channels[], nsrt_m7_expand_channels_2[];
}

std::uint32_t make_word(WordKind kind, std::int32_t first, std::int32_t second) {
  const auto a = static_cast<std::uint32_t>(first), b = static_cast<std::uint32_t>(second);
  return kind == WordKind::kPixels ? (a + 128) + (b << 24) : (a & 0xFFFF) | b << 16;
}

// What nsrt_m7_expand_joined can do.
bool is_joined(const ExpandRows& r, std::uint32_t inside) {
  return r.left == 1 && r.right == 0 && inside >= 2 && inside <= 8 && r.row_step == 0 && r.to_step == 0;
}

// How many of the columns from, from + stride, … lie below `end`, at most `most`.
std::uint32_t columns_below(std::int32_t end, std::int32_t from, std::int32_t stride, std::uint32_t most) {
  if (from >= end) return 0;
  return least(static_cast<std::uint32_t>((end - from + stride - 1) / stride), most);
}

}  // namespace

Expander::Expander(const Plan& plan, WordKind kind, std::int8_t padding, void* scratch)
    : plan_(plan),
      kind_(kind),
      edges_differ_(kind == WordKind::kPixels && !plan.pairs_rows),
      distance_(static_cast<std::int32_t>(plan.column_distance() * plan.w.sw)),
      padding_(padding),
      pad_row_(static_cast<std::int8_t*>(scratch) + plan.pad_row_at) {
  if (plan.pairs_rows) std::memset(pad_row_, padding, plan.w.iw);
}

void Expander::set_column(std::uint32_t x0) {
  x0_ = x0;
  column_ = static_cast<std::int32_t>(x0 * plan_.w.sw) - plan_.w.pad_left;
  regular_ = plan_.w.sw <= kMostPhases;
  for (std::uint32_t phase = 0; regular_ && phase < plan_.phases(); ++phase) regular_ = set_phase(phase);
}

// False if some word of the phase needs more than a left edge, an inside and a right edge.
bool Expander::set_phase(std::uint32_t phase) {
  const std::int32_t width = plan_.w.iw, stride = plan_.w.sw;
  const std::int32_t first = column_ + static_cast<std::int32_t>(phase), second = first + distance_;
  const std::uint32_t words = plan_.row_outputs() + (plan_.w.kw - 1u - phase) / plan_.w.sw;
  const std::uint32_t begin =
      columns_below(0, first, stride, words);  // words whose first column is left of 0
  std::uint32_t end =
      columns_below(width, second, stride, words);  // … whose second column is left of the end
  if (edges_differ_) {
    if (second < 0 || end < begin || columns_below(width, first, stride, words) < words) return false;
  } else {
    end = most(begin, end);  // not less: all of the row may be padding
  }
  const std::uint32_t inside = end - begin, right = words - end;
  Phase& p = phases_[phase];
  // Where rows are joined, padding on the right is that on the left of the next row: only the last row has
  // its own.
  p.last_right = plan_.joins_rows && plan_.row_words + right <= words ? right : 0;
  p.right_at = end;
  p.column = static_cast<std::uint32_t>(first + static_cast<std::int32_t>(begin) * stride);
  ExpandRows& r = p.rows;
  r.pad_left = make_word(kind_, padding_, edges_differ_ ? 0 : padding_);
  r.pad_right = make_word(kind_, edges_differ_ ? -128 : padding_, padding_);
  r.left = begin;
  r.groups = inside / 4;
  // Stride 2 reads a byte more than it uses.
  if (stride == 2 && r.groups > 0 && second + static_cast<std::int32_t>(begin + r.groups * 4) * 2 > width)
    --r.groups;
  r.tail = inside - r.groups * 4;
  r.right = right - p.last_right;
  r.row_step = plan_.w.iw * plan_.row_stride() - inside * plan_.w.sw;
  r.to_step = (plan_.row_words - words + p.last_right) * 4;
  r.joined_words = 0;
  const bool once = stride == 1;
  r.row = nsrt_m7_expand_padded;
  r.after = nsrt_m7_expand_padded_right;
  if (kind_ == WordKind::kChannels) {
    r.inside = once ? nsrt_m7_expand_channels : nsrt_m7_expand_channels_2;
  } else if (edges_differ_) {
    r.row = once ? nsrt_m7_expand_edged : nsrt_m7_expand_edged_2;
    r.after = once ? nsrt_m7_expand_edged_right : nsrt_m7_expand_edged_right_2;
    r.row_step -= right * plan_.w.sw;
  } else {
    r.inside = once ? nsrt_m7_expand_pixels : nsrt_m7_expand_pixels_2;
    if (plan_.joins_rows && once && is_joined(r, inside)) {
      r.left = 0;
      r.after = nsrt_m7_expand_joined;
      r.joined_words = inside;
    }
  }
  return true;
}

void Expander::expand(const Strip& strip, const std::int8_t* in, std::uint32_t channels) {
  if (strip.x0 != x0_) set_column(strip.x0);
  const std::uint32_t plane_bytes = std::uint32_t{plan_.w.ih} * plan_.w.iw;
  if (kind_ == WordKind::kPixels) return planes(strip, in, in, plane_bytes, 0, channels);
  const std::uint32_t pairs = channels / 2;
  if (pairs != 0) planes(strip, in, in + plane_bytes, 2 * plane_bytes, 0, pairs);
  // The weights of a missing second channel are zero.
  in += pairs * 2 * plane_bytes;
  if (channels % 2 != 0) planes(strip, in, in, plane_bytes, pairs, 1);
}

void Expander::planes(const Strip& strip, const std::int8_t* first, const std::int8_t* second,
                      std::uint32_t step, std::uint32_t index, std::uint32_t count) {
  const std::int32_t height = plan_.w.ih, begin = strip.first_new_row(), end = strip.end_row();
  const std::uint32_t width = plan_.w.iw, row_words = plan_.row_words;
  std::uint32_t* to = strip.words + index * plan_.plane_words + strip.kept_rows * row_words;
  if (plan_.pairs_rows) {  // make_plan has seen to it that no row needs padding twice
    const std::int8_t* const high =
        second + static_cast<std::uint32_t>(strip.second_row() * plan_.w.sh) * width;
    const std::int32_t high_end = height - static_cast<std::int32_t>(strip.second_row() * plan_.w.sh);
    const auto stride = static_cast<std::int32_t>(plan_.row_stride());
    for (std::uint32_t parity = 0; parity < plan_.parities(); ++parity) {
      std::uint32_t* at = to + parity * plan_.parity_words;
      for (std::int32_t y = begin + static_cast<std::int32_t>(parity), n = 1; y < end; y += n * stride) {
        const std::int32_t offset = y * static_cast<std::int32_t>(width);
        Rows job{first + offset, high + offset, step, step, 1, count, at};
        n = 1;
        if (y < 0) {
          job.first = pad_row_;
          job.first_step = 0;
        } else if (y >= high_end) {
          job.second = pad_row_;
          job.second_step = 0;
        } else {
          n = ((high_end < end ? high_end : end) - y + stride - 1) / stride;
          job.rows = static_cast<std::uint32_t>(n);
        }
        rows(job);
        at += job.rows * row_words;
      }
      if (plan_.joins_rows && at != to + parity * plan_.parity_words) last_edges(count, at - row_words);
    }
    return;
  }
  const std::int32_t from = begin < 0 ? (end < 0 ? end : 0) : begin;
  const std::int32_t until = end > height ? (begin > height ? begin : height) : end;
  const auto above = static_cast<std::uint32_t>(from - begin);
  const std::uint32_t inside = until > from ? static_cast<std::uint32_t>(until - from) : 0;
  const std::uint32_t below = static_cast<std::uint32_t>(end - from) - inside;
  if (above != 0) fill(above, count, to);
  to += above * row_words;
  const std::uint32_t offset = static_cast<std::uint32_t>(from) * width;
  if (inside != 0) rows({first + offset, second + offset, step, step, inside, count, to});
  if (below != 0) fill(below, count, to + inside * row_words);
}

void Expander::rows(const Rows& job) {
  if (!regular_) return any_rows(job);
  const std::uint32_t row_bytes = job.rows * plan_.w.iw * plan_.row_stride();
  for (std::uint32_t phase = 0; phase < plan_.phases(); ++phase) {
    ExpandRows& r = phases_[phase].rows;
    r.to = job.to + phase * plan_.phase_words;
    r.first = job.first + phases_[phase].column;
    r.second = job.second + phases_[phase].column + distance_;
    r.rows = job.rows;
    r.planes = job.planes;
    r.first_step = job.first_step - row_bytes;
    r.second_step = job.second_step - row_bytes;
    r.plane_to_step = (plan_.plane_words - job.rows * plan_.row_words) * 4;
    if (r.joined_words != 0) {
      const std::uint32_t words = job.rows * r.joined_words;
      r.to += job.rows;  // room for the padding
      r.plane_to_step += job.rows * 4;
      r.rows = 1;
      r.groups = words / 4;
      r.tail = words % 4;
      r.joined_rows = job.rows;
    }
    nsrt_m7_expand(&r);
  }
}

// The right edges of a last row that is joined to others.
void Expander::last_edges(std::uint32_t planes, std::uint32_t* row) const {
  for (std::uint32_t phase = 0; phase < plan_.phases(); ++phase, row += plan_.phase_words) {
    const Phase& p = phases_[phase];
    std::uint32_t* pad = row + p.right_at;
    for (std::uint32_t i = 0; i < p.last_right; ++i, ++pad) {
      for (std::uint32_t plane = 0; plane < planes; ++plane)
        pad[plane * plan_.plane_words] = p.rows.pad_right;
    }
  }
}

void Expander::fill(std::uint32_t rows, std::uint32_t planes, std::uint32_t* to) const {
  const std::uint32_t word = make_word(kind_, padding_, padding_);
  for (; planes > 0; --planes, to += plan_.plane_words) {
    for (std::uint32_t i = 0; i < rows * plan_.row_words; ++i) to[i] = word;
  }
}

// Any stride and any padding, word by word.
void Expander::any_rows(const Rows& job) const {
  const std::int32_t width = plan_.w.iw;
  const auto at = [&](const std::int8_t* row, std::int32_t x) -> std::int32_t {
    return x >= 0 && x < width ? row[x] : padding_;
  };
  for (std::uint32_t plane = 0; plane < job.planes; ++plane) {
    const std::int8_t *first = job.first + plane * job.first_step,
                      *second = job.second + plane * job.second_step;
    std::uint32_t* word = job.to + plane * plan_.plane_words;
    for (std::uint32_t row = 0; row < job.rows; ++row, first += width, second += width) {
      for (std::int32_t phase = 0; phase < static_cast<std::int32_t>(plan_.phases()); ++phase) {
        std::int32_t column = column_ + phase;
        for (std::uint32_t i = 0; i < plan_.phase_words; ++i, column += plan_.w.sw)
          *word++ = make_word(kind_, at(first, column), at(second, column + distance_));
      }
    }
  }
}

}  // namespace nsrt::m7
